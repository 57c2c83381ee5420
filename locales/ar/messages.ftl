### العربية (Arabic): worded so that no verb or adjective tells the visitor's gender.
###
### Corrected by a careful reader who is not native (2026-11-27): nps-question, csat-3, skip.
### Awaiting a native reader: all messages.

## Net Promoter Score

nps-question = ما مدى احتمال ترشيح { $product } لصديق أو زميل؟
nps-question-plain = ما مدى احتمال ترشيحنا لصديق أو زميل؟
nps-low = غير محتمل إطلاقًا
nps-high = محتمل للغاية

## Customer satisfaction

csat-question = ما مدى رضاك عن { $product }؟
csat-question-plain = ما مدى رضاك عن تجربتك؟
csat-1 = عدم رضا شديد
csat-2 = عدم رضا
csat-3 = رأي محايد
csat-4 = رضا
csat-5 = رضا شديد

## Customer effort: $task is a verbal noun, “إتمام الدفع”.

ces-question = ما مدى سهولة { $task }؟
ces-question-plain = ما مدى سهولة إنجاز ما أردته؟
ces-low = صعب جدًا
ces-high = سهل جدًا

## Follow-up

followup = ما السبب الأهم لهذه الإجابة؟
followup-unfavourable = ما أهم ما ينبغي تحسينه؟
followup-favourable = ما أكثر ما أعجبك؟
comment-hint = اختياري
# required stands after a question that has to be answered, unanswered is said to whoever goes on without.
required = مطلوب
unanswered = يُرجى الإجابة عن هذا السؤال.
choose-many = اختر كل ما ينطبق
other = خيار آخر:
# The number stands last, so that the noun need not agree with it.
too-long = الحد الأقصى لعدد الأحرف: { $max }.

## Buttons and names of parts

send = إرسال
next = التالي
back = رجوع
done = تم
skip = تخطٍّ
change = تغيير
not-now = ليس الآن
never = عدم السؤال مجددًا
close = إغلاق
region = استبيان
introduction = استبيان: { $question }
privacy = الخصوصية
new-tab = (يُفتح في علامة تبويب جديدة)
ends = { $min } يعني { $low }، و{ $max } يعني { $high }.

## What became of the answer

thanks = شكرًا على رأيك.
sending = جارٍ الإرسال…
sent = تم الإرسال.
queued = تم الحفظ. سيتم الإرسال قريبًا.
