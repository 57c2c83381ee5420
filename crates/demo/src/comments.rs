//! What the made-up respondents write. Texts other than English await native readers.

/// By language, in the order in which they are written: those of the pleased, those of the others.
pub(crate) type Comments = [&'static [(&'static str, &'static str)]; 2];

/// In which languages the surveys are shown, and how often.
pub(crate) const LANGUAGES: [(&str, u32); 6] =
    [("en", 40), ("zh-Hant", 18), ("th", 14), ("vi", 12), ("fa", 8), ("ar", 8)];

pub(crate) const ORDERING: Comments = [
    &[
        ("en", "Quick and clear. I liked seeing the delivery date before I paid."),
        ("zh-Hant", "結帳步驟很少，運費也寫得清楚。"),
        ("en", "No account needed, thank you."),
        ("th", "สั่งง่าย จ่ายเงินเสร็จในไม่กี่นาที"),
        ("vi", "Đặt hàng nhanh, các bước dễ hiểu."),
        ("en", "Everything fitted on one page, even on my phone."),
        ("fa", "ثبت سفارش ساده بود و همه‌چیز روشن نوشته شده بود."),
        ("ar", "كان الطلب سهلًا والأسعار واضحة من البداية."),
        ("en", "Picking it up at the shop was easy to choose."),
        ("zh-Hant", "可以選擇到店取貨，很方便。"),
    ],
    &[
        ("en", "My card was declined twice and I don't know why. It worked the next day."),
        ("th", "จ่ายด้วยบัตรไม่ผ่าน ต้องลองหลายครั้ง"),
        ("zh-Hant", "刷卡一直失敗，後來只好改用轉帳。"),
        ("en", "The address form did not accept my postcode at first."),
        ("vi", "Trang thanh toán báo lỗi mà không nói lý do."),
        ("fa", "پرداخت با کارت چند بار ناموفق بود."),
        ("ar", "لم أعرف هل تم الدفع أم لا حتى وصلتني الرسالة."),
    ],
];

pub(crate) const SHOP: Comments = [
    &[
        ("en", "The sencha tastes as described, and it came well packed."),
        ("vi", "Trà ngon, ấm đẹp hơn trong ảnh."),
        ("en", "I have given the tasting cups as a present three times now."),
        ("zh-Hant", "茉莉花茶很香，會再回購。"),
        ("th", "ชาหอม ห่อมาดี ส่งเร็ว"),
        ("en", "Few things, all of them good."),
        ("ar", "أكواب جميلة وتغليف متقن."),
        ("fa", "چای تازه بود و بسته‌بندی خوبی داشت."),
        ("en", "They answered my question about brewing within the hour."),
        ("zh-Hant", "文章寫得好，照著泡真的比較好喝。"),
    ],
    &[
        ("en", "The parcel took nine days, and nobody told me why."),
        ("zh-Hant", "等了一個多星期才收到，希望能先通知。"),
        ("th", "ของมาช้ากว่าที่แจ้งไว้มาก"),
        ("en", "One cup arrived chipped. It was replaced, but I had to wait."),
        ("vi", "Phí giao hàng cao so với một gói trà nhỏ."),
        ("ar", "تأخر الطرد أسبوعًا كاملًا."),
        ("fa", "بسته دیر رسید و خبری از آن نداشتم."),
    ],
];

pub(crate) const HELP: Comments = [
    &[
        ("en", "Found the returns address at once."),
        ("th", "หาคำตอบเจอทันที อธิบายเข้าใจง่าย"),
        ("en", "Short and to the point."),
        ("fa", "پاسخ کوتاه و روشن بود."),
        ("zh-Hant", "步驟清楚，照著做就好了。"),
        ("en", "I did not have to write to anyone."),
        ("vi", "Hướng dẫn đổi trả rõ ràng."),
        ("ar", "وجدت الإجابة بسرعة."),
    ],
    &[
        ("en", "I wanted to know where my parcel is, and the page only says to wait."),
        ("vi", "Tôi không tìm thấy cách liên hệ qua điện thoại."),
        ("zh-Hant", "找不到怎麼查詢包裹進度。"),
        ("en", "It does not say who pays for the return."),
        ("th", "ข้อมูลเรื่องพัสดุล่าช้ายังไม่ชัดเจน"),
        ("ar", "لم أجد ما أفعله إذا تأخر الطلب."),
        ("fa", "نوشته نشده بود بازپرداخت چقدر طول می‌کشد."),
    ],
];
