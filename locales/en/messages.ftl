### English. Every other language has the same messages with the same placeholders.
###
### Attested in use: nps-question, nps-low, nps-high. The rest is Candor's own wording, awaiting a second native reader.
### Placeholders: $product the shop's or product's name, $task what the visitor did, as the page words it.

## Net Promoter Score: 0 to 10. The -plain variants stand where the page names no product or task.

nps-question = How likely is it that you would recommend { $product } to a friend or colleague?
nps-question-plain = How likely is it that you would recommend us to a friend or colleague?
nps-low = Not at all likely
nps-high = Extremely likely

## Customer satisfaction: every point from 1 to 5 has a label.

csat-question = How satisfied are you with { $product }?
csat-question-plain = How satisfied are you with your experience?
csat-1 = Very dissatisfied
csat-2 = Dissatisfied
csat-3 = Neutral
csat-4 = Satisfied
csat-5 = Very satisfied

## Customer effort: 1 is hard, 7 is easy. $task is a verb in its plain form: “find your invoice”.

ces-question = How easy was it to { $task }?
ces-question-plain = How easy was it to get done what you came for?
ces-low = Very difficult
ces-high = Very easy

## Follow-up, the same for all three: after any rating, after a low one, after a high one.

followup = What is the main reason for your answer?
followup-unfavourable = What should we improve first?
followup-favourable = What did we do well?
comment-hint = Optional
# required stands after a question that has to be answered, unanswered is said to whoever goes on without.
required = Required
unanswered = Please answer this question.
# choose-many stands after a question of which several answers may be chosen, other before a field for an answer of one's own.
choose-many = Choose all that apply
other = Other:
# $max is a large round number, 5000 as a rule, so that no plural form is needed.
too-long = Please keep your comment to { $max } characters.

## Buttons and names of parts. region names the whole prompt to a screen reader.

send = Send
next = Next
back = Back
# done stands in place of send while nothing is written, skip beside it; change follows the rating that was chosen.
done = Done
skip = Skip
change = Change
not-now = Not now
never = Don’t ask again
close = Close
region = Survey
# Said once by screen readers when the prompt has come up.
introduction = Survey: { $question }
privacy = Privacy
# Heard after privacy.
new-tab = (opens in a new tab)
# Heard by screen readers as the scale's description, with the labels of its ends.
ends = { $min } means { $low }, { $max } means { $high }.

## What became of the answer.

thanks = Thank you for your feedback.
sending = Sending…
sent = Sent.
queued = Saved. We will send it shortly.
