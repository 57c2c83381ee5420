### 繁體中文 (Traditional Chinese): always 您, full-width punctuation.
###
### Attested in use: nps-question, nps-low, nps-high, ces-low, ces-high.
### Awaiting a native reader: all others.

## Net Promoter Score

nps-question = 您向朋友或同事推薦 { $product } 的可能性有多大？
nps-question-plain = 您向朋友或同事推薦我們的可能性有多大？
nps-low = 完全不可能
nps-high = 極有可能

## Customer satisfaction

csat-question = 您對 { $product } 的滿意程度如何？
csat-question-plain = 您對這次體驗的滿意程度如何？
csat-1 = 非常不滿意
csat-2 = 不滿意
csat-3 = 普通
csat-4 = 滿意
csat-5 = 非常滿意

## Customer effort: $task is a verb with its object, “完成結帳”.

ces-question = { $task }有多容易？
ces-question-plain = 完成您想做的事有多容易？
ces-low = 非常困難
ces-high = 非常容易

## Follow-up

followup = 您給這個分數的最主要原因是什麼？
followup-unfavourable = 我們最需要改善什麼？
followup-favourable = 您覺得我們哪裡做得好？
comment-hint = 選填
choose-many = 可複選
other = 其他：
too-long = 請將內容縮短至 { $max } 個字以內。

## Buttons and names of parts

send = 送出
next = 下一步
back = 返回
not-now = 暫時不要
never = 不要再詢問
close = 關閉
region = 問卷調查
introduction = 問卷調查：{ $question }
privacy = 隱私權
ends = { $min } 表示{ $low }，{ $max } 表示{ $high }。

## What became of the answer

thanks = 感謝您的回覆。
sending = 正在送出…
sent = 已送出。
queued = 已儲存，恢復連線後會自動送出。
