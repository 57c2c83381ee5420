### العربية (Arabic): worded so that no verb or adjective tells the visitor's gender.
###
### Awaiting a native reader: all messages.

## Net Promoter Score. The kashida joins بـ to the name that follows.

nps-question = ما مدى احتمال التوصية بـ{ $product } لصديق أو زميل؟
nps-question-plain = ما مدى احتمال التوصية بنا لصديق أو زميل؟
nps-low = غير محتمل إطلاقًا
nps-high = محتمل للغاية

## Customer satisfaction

csat-question = ما مدى رضاك عن { $product }؟
csat-question-plain = ما مدى رضاك عن تجربتك؟
csat-1 = عدم رضا شديد
csat-2 = عدم رضا
csat-3 = محايد
csat-4 = رضا
csat-5 = رضا شديد

## Customer effort: $task is a verbal noun, “إتمام الدفع”.

ces-question = ما مدى سهولة { $task }؟
ces-question-plain = ما مدى سهولة إنجاز ما أردته؟
ces-low = صعب جدًا
ces-high = سهل جدًا

## Follow-up

followup = ما السبب الأهم لهذا التقييم؟
followup-unfavourable = ما أهم ما ينبغي تحسينه؟
followup-favourable = ما أكثر ما أعجبك؟
comment-hint = اختياري
choose-many = اختر كل ما ينطبق
other = خيار آخر:
# The number stands last, so that the noun need not agree with it.
too-long = الحد الأقصى لعدد الأحرف: { $max }.

## Buttons and names of parts

send = إرسال
next = التالي
back = رجوع
not-now = ليس الآن
never = عدم السؤال مجددًا
close = إغلاق
region = استبيان
introduction = استبيان: { $question }
privacy = الخصوصية
ends = { $min } يعني { $low }، و{ $max } يعني { $high }.

## What became of the answer

thanks = شكرًا على إجابتك.
sending = جارٍ الإرسال…
sent = تم الإرسال.
queued = تم الحفظ. سيتم الإرسال عند عودة الاتصال.
