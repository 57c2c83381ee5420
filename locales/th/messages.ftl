### ไทย (Thai): polite by its words, without gendered particles (ครับ, ค่ะ).
###
### From a Thai customer-experience guide: nps-question, followup-unfavourable.
### Corrected by a careful reader who is not native (2026-11-27): followup, csat-3, skip, the spaces beside names.
### Awaiting a native reader: all others, and these corrections.

## Net Promoter Score

nps-question = คุณมีแนวโน้มที่จะแนะนำ{ $product }ให้เพื่อนหรือเพื่อนร่วมงานมากน้อยเพียงใด
nps-question-plain = คุณมีแนวโน้มที่จะแนะนำเราให้เพื่อนหรือเพื่อนร่วมงานมากน้อยเพียงใด
nps-low = ไม่มีแนวโน้มเลย
nps-high = มีแนวโน้มมากที่สุด

## Customer satisfaction

csat-question = คุณพึงพอใจกับ{ $product }มากน้อยเพียงใด
csat-question-plain = คุณพึงพอใจกับการใช้บริการครั้งนี้มากน้อยเพียงใด
csat-1 = ไม่พึงพอใจอย่างยิ่ง
csat-2 = ไม่พึงพอใจ
csat-3 = ปานกลาง
csat-4 = พึงพอใจ
csat-5 = พึงพอใจอย่างยิ่ง

## Customer effort: $task is a verb, “ชำระเงิน”.

ces-question = การ{ $task }ง่ายหรือยากเพียงใด
ces-question-plain = การใช้บริการครั้งนี้ง่ายหรือยากเพียงใด
ces-low = ยากมาก
ces-high = ง่ายมาก

## Follow-up

followup = เหตุผลสำคัญที่สุดของคำตอบนี้คืออะไร
followup-unfavourable = มีอะไรที่ควรปรับปรุง เพราะอะไร
followup-favourable = คุณประทับใจอะไรมากที่สุด
comment-hint = ไม่บังคับ
# required stands after a question that has to be answered, unanswered is said to whoever goes on without.
required = จำเป็นต้องตอบ
unanswered = โปรดตอบคำถามนี้
choose-many = เลือกได้มากกว่าหนึ่งข้อ
# A no-break space, so that ๆ never begins a line.
other = อื่น ๆ:
too-long = กรุณาพิมพ์ไม่เกิน { $max } ตัวอักษร

## Buttons and names of parts

send = ส่ง
next = ถัดไป
back = ย้อนกลับ
done = เสร็จสิ้น
skip = ข้าม
change = เปลี่ยน
not-now = ไว้ทีหลัง
never = ไม่ต้องถามอีก
close = ปิด
region = แบบสำรวจ
introduction = แบบสำรวจ: { $question }
privacy = ความเป็นส่วนตัว
new-tab = (เปิดในแท็บใหม่)
ends = { $min } หมายถึง { $low } และ { $max } หมายถึง { $high }

## What became of the answer

thanks = ขอบคุณสำหรับความคิดเห็น
sending = กำลังส่ง…
sent = ส่งแล้ว
queued = บันทึกแล้ว เราจะส่งให้ในไม่ช้า
