### Tiếng Việt (Vietnamese): the visitor is bạn, the site is chúng tôi; NFC.
###
### Awaiting a native reader: all messages.

## Net Promoter Score

nps-question = Khả năng bạn giới thiệu { $product } cho bạn bè hoặc đồng nghiệp là bao nhiêu?
nps-question-plain = Khả năng bạn giới thiệu chúng tôi cho bạn bè hoặc đồng nghiệp là bao nhiêu?
nps-low = Hoàn toàn không có khả năng
nps-high = Rất có khả năng

## Customer satisfaction

csat-question = Bạn hài lòng đến mức nào với { $product }?
csat-question-plain = Bạn hài lòng đến mức nào với trải nghiệm của mình?
csat-1 = Rất không hài lòng
csat-2 = Không hài lòng
csat-3 = Bình thường
csat-4 = Hài lòng
csat-5 = Rất hài lòng

## Customer effort: $task is a verb that begins the sentence, “Thanh toán”.

ces-question = { $task } dễ hay khó?
ces-question-plain = Hoàn thành việc bạn cần làm dễ hay khó?
ces-low = Rất khó
ces-high = Rất dễ

## Follow-up

followup = Lý do chính khiến bạn cho điểm này là gì?
followup-unfavourable = Chúng tôi nên cải thiện điều gì trước?
followup-favourable = Chúng tôi đã làm tốt điều gì?
comment-hint = Không bắt buộc
choose-many = Chọn tất cả mục phù hợp
other = Khác:
too-long = Vui lòng viết tối đa { $max } ký tự.

## Buttons and names of parts

send = Gửi
next = Tiếp tục
back = Quay lại
not-now = Để sau
never = Không hỏi lại
close = Đóng
region = Khảo sát
introduction = Khảo sát: { $question }
privacy = Quyền riêng tư
ends = { $min } nghĩa là { $low }, { $max } nghĩa là { $high }.

## What became of the answer

thanks = Cảm ơn bạn đã trả lời.
sending = Đang gửi…
sent = Đã gửi.
queued = Đã lưu. Câu trả lời sẽ được gửi khi có kết nối trở lại.
