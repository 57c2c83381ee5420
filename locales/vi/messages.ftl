### Tiếng Việt (Vietnamese): the visitor is bạn, the site is chúng tôi; NFC.
###
### Corrected by a careful reader who is not native (2026-11-27): nps-*, csat-question-plain, ces-question, followup-unfavourable, skip.
### Awaiting a native reader: all messages.

## Net Promoter Score

nps-question = Khả năng bạn sẽ giới thiệu { $product } cho bạn bè hoặc đồng nghiệp là bao nhiêu?
nps-question-plain = Khả năng bạn sẽ giới thiệu chúng tôi cho bạn bè hoặc đồng nghiệp là bao nhiêu?
nps-low = Không hề có khả năng
nps-high = Cực kỳ có khả năng

## Customer satisfaction

csat-question = Bạn hài lòng đến mức nào với { $product }?
csat-question-plain = Bạn hài lòng đến mức nào với trải nghiệm vừa rồi?
csat-1 = Rất không hài lòng
csat-2 = Không hài lòng
csat-3 = Bình thường
csat-4 = Hài lòng
csat-5 = Rất hài lòng

## Customer effort: $task is a verb within the sentence, “thanh toán”.

ces-question = Bạn thấy việc { $task } dễ hay khó?
ces-question-plain = Hoàn thành việc bạn cần làm dễ hay khó?
ces-low = Rất khó
ces-high = Rất dễ

## Follow-up

followup = Lý do chính cho câu trả lời của bạn là gì?
followup-unfavourable = Chúng tôi nên cải thiện điều gì trước tiên?
followup-favourable = Chúng tôi đã làm tốt điều gì?
comment-hint = Không bắt buộc
# required stands after a question that has to be answered, unanswered is said to whoever goes on without.
required = Bắt buộc
unanswered = Vui lòng trả lời câu hỏi này.
choose-many = Chọn tất cả mục phù hợp
other = Khác:
too-long = Vui lòng viết tối đa { $max } ký tự.

## Buttons and names of parts

send = Gửi
next = Tiếp tục
back = Quay lại
done = Xong
skip = Bỏ qua
change = Đổi
not-now = Để sau
never = Không hỏi lại
close = Đóng
region = Khảo sát
introduction = Khảo sát: { $question }
privacy = Quyền riêng tư
new-tab = (mở trong thẻ mới)
ends = { $min } nghĩa là { $low }, { $max } nghĩa là { $high }.

## What became of the answer

thanks = Cảm ơn bạn đã góp ý.
sending = Đang gửi…
sent = Đã gửi.
queued = Đã lưu. Chúng tôi sẽ sớm gửi đi.
