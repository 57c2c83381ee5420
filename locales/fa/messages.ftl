### فارسی (Persian): ی and ک, never their Arabic look-alikes; ZWNJ inside compound words.
###
### Attested in use: nps-question.
### Corrected by a careful reader who is not native (2026-11-27): ces-question, too-long, skip.
### Awaiting a native reader: all others, and these corrections.

## Net Promoter Score

nps-question = احتمال اینکه { $product } را به دوستان یا همکارانتان توصیه کنید چقدر است؟
nps-question-plain = احتمال اینکه ما را به دوستان یا همکارانتان توصیه کنید چقدر است؟
nps-low = اصلاً محتمل نیست
nps-high = کاملاً محتمل است

## Customer satisfaction

csat-question = چقدر از { $product } رضایت دارید؟
csat-question-plain = چقدر از تجربه‌تان رضایت دارید؟
csat-1 = کاملاً ناراضی
csat-2 = ناراضی
csat-3 = نه راضی نه ناراضی
csat-4 = راضی
csat-5 = کاملاً راضی

## Customer effort: $task is an infinitive or a noun that begins the sentence, “خرید”.

ces-question = { $task } چقدر آسان بود؟
ces-question-plain = انجام کارتان چقدر آسان بود؟
ces-low = خیلی سخت
ces-high = خیلی آسان

## Follow-up

followup = مهم‌ترین دلیل شما برای این پاسخ چیست؟
followup-unfavourable = چه چیزی را باید بهتر کنیم؟
followup-favourable = از چه چیزی بیشتر راضی بودید؟
comment-hint = اختیاری
# required stands after a question that has to be answered, unanswered is said to whoever goes on without.
required = الزامی
unanswered = لطفاً به این پرسش پاسخ دهید.
choose-many = هر چند مورد را که می‌خواهید انتخاب کنید
other = مورد دیگر:
too-long = لطفاً حداکثر { $max } کاراکتر بنویسید.

## Buttons and names of parts

send = ارسال
next = بعدی
back = بازگشت
done = پایان
skip = رد کردن
change = تغییر
not-now = فعلاً نه
never = دیگر نپرسید
close = بستن
region = نظرسنجی
introduction = نظرسنجی: { $question }
privacy = حریم خصوصی
new-tab = (در برگهٔ جدید باز می‌شود)
ends = { $min } یعنی { $low } و { $max } یعنی { $high }.

## What became of the answer

thanks = از نظر شما سپاسگزاریم.
sending = در حال ارسال…
sent = ارسال شد.
queued = ذخیره شد. به‌زودی ارسال می‌شود.
