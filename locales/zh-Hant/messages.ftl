### 繁體中文 (Traditional Chinese): always 您, full-width punctuation.
###
### Attested in use: nps-question, nps-low, nps-high, ces-low, ces-high.
### Corrected by a careful reader who is not native (2026-11-27): ces-question, ces-question-plain, not-now, never, followup-unfavourable,
### skip, the spaces beside names.
### Awaiting a native reader: all others, and these corrections.

## Net Promoter Score

nps-question = 您向朋友或同事推薦{ $product }的可能性有多大？
nps-question-plain = 您向朋友或同事推薦我們的可能性有多大？
nps-low = 完全不可能
nps-high = 極有可能

## Customer satisfaction

csat-question = 您對{ $product }的滿意程度如何？
csat-question-plain = 您對這次體驗的滿意程度如何？
csat-1 = 非常不滿意
csat-2 = 不滿意
csat-3 = 普通
csat-4 = 滿意
csat-5 = 非常滿意

## Customer effort: $task is a verb with its object, “完成結帳”.

ces-question = 您覺得{ $task }的難易程度如何？
ces-question-plain = 您這次想做的事，完成起來的難易程度如何？
ces-low = 非常困難
ces-high = 非常容易

## Follow-up

followup = 您這樣回答的最主要原因是什麼？
followup-unfavourable = 您認為我們最需要改善的是什麼？
followup-favourable = 您覺得我們哪裡做得好？
comment-hint = 選填
# required stands after a question that has to be answered, unanswered is said to whoever goes on without.
required = 必填
unanswered = 請回答這個問題。
choose-many = 可複選
other = 其他：
too-long = 請將內容縮短至 { $max } 個字以內。

## Buttons and names of parts

send = 送出
next = 下一步
back = 返回
done = 完成
skip = 略過
change = 變更
not-now = 稍後再說
never = 不再詢問
close = 關閉
region = 問卷調查
introduction = 問卷調查：{ $question }
privacy = 隱私權
new-tab = （在新分頁開啟）
ends = { $min } 表示{ $low }，{ $max } 表示{ $high }。

## What became of the answer

thanks = 感謝您的意見。
sending = 正在送出…
sent = 已送出。
queued = 已儲存，我們很快會送出。
