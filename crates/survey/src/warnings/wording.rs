//! What the words of a question give away: that it asks two things, or which answer it would like. Every rule goes by signs that are
//! seldom wrong; where a language has none, nothing is said.

use crate::{LANGUAGES, closest};
use candor_scoring::Metric;

/// What a language pairs in one question that asks two things, each list in groups of words for the same.
struct Pairs {
    /// Whether words have spaces between them.
    is_spaced: bool,
    and: &'static [&'static str],
    /// Of a choice it names what there is to choose from.
    or: &'static [&'static str],
    /// What may stand between the conjunction and the second of a pair.
    articles: &'static [&'static str],
    /// What is rated.
    aspects: &'static [&'static [&'static str]],
    /// How it is.
    qualities: &'static [&'static [&'static str]],
    /// Before a pair it makes it one thing: a page of products and services.
    containers: &'static [&'static str],
    /// What may follow the second of a pair, where a noun there would make it one thing: a delivery and returns page.
    follows: &'static [&'static str],
    /// What a sentence that ends with a question mark has if it asks something.
    questions: &'static [&'static str],
}

const ENGLISH: Pairs = Pairs {
    is_spaced: true,
    and: &[" and ", " as well as ", " / "],
    or: &[" or "],
    articles: &[
        "the", "a", "an", "our", "its", "their", "your", "how", "very", "really", "also", "with", "of",
        "about",
    ],
    aspects: &[
        &["price", "prices", "pricing", "cost", "costs"],
        &["service", "services", "customer service", "support", "customer support"],
        &["quality"],
        &["speed"],
        &["value"],
        &["delivery", "shipping"],
        &["returns"],
        &["packaging"],
        &["staff", "team", "employees"],
        &["product", "products", "{product}"],
        &["design", "look"],
        &["selection", "range", "variety"],
        &["food", "meal"],
        &["atmosphere", "ambience"],
        &["cleanliness"],
        &["comfort"],
        &["reliability"],
        &["performance"],
        &["features"],
        &["documentation"],
        &["payment", "checkout"],
        &["website"],
        &["location"],
        &["taste", "flavour", "flavor"],
        &["condition"],
        &["accuracy"],
        &["ease of use", "usability"],
        &["communication"],
        &["instructions"],
    ],
    qualities: &[
        &["fast", "quick", "prompt"],
        &["friendly", "polite", "courteous", "kind"],
        &["helpful", "useful"],
        &["easy", "simple"],
        &["clear", "understandable"],
        &["cheap", "affordable"],
        &["reliable"],
        &["knowledgeable", "competent", "professional"],
        &["clean"],
        &["comfortable"],
        &["attractive", "beautiful"],
        &["tasty"],
        &["satisfied"],
        &["loyal"],
    ],
    containers: &[],
    follows: &[
        "of", "in", "at", "on", "with", "for", "when", "from", "to", "by", "during", "you", "we", "that",
        "which", "is", "are", "was", "were", "do", "did", "has", "have", "today", "this", "here", "overall",
        "and", "or", "than", "|",
    ],
    questions: &[
        "how", "what", "which", "why", "who", "when", "where", "was", "were", "is", "are", "did", "do",
        "does", "would", "will", "have", "has", "can", "could",
    ],
};

const THAI: Pairs = Pairs {
    is_spaced: false,
    and: &["และ", "รวมถึง"],
    or: &["หรือ"],
    articles: &["การ"],
    aspects: &[
        &["ราคา"],
        &["คุณภาพ"],
        &["บริการ"],
        &["ความเร็ว", "ความรวดเร็ว"],
        &["จัดส่ง", "ขนส่ง"],
        &["สินค้า", "ผลิตภัณฑ์"],
        &["พนักงาน"],
        &["ออกแบบ"],
        &["บรรจุภัณฑ์"],
        &["ความสะอาด"],
        &["รสชาติ"],
        &["บรรยากาศ"],
        &["ชำระเงิน"],
    ],
    qualities: &[
        &["รวดเร็ว", "เร็ว"],
        &["สุภาพ", "เป็นมิตร"],
        &["ชัดเจน"],
        &["สะดวก", "ง่าย"],
        &["มีประโยชน์"],
        &["สะอาด"],
        &["ราคาถูก"],
        &["อร่อย"],
    ],
    containers: &["หน้า", "ทีม", "ฝ่าย", "แผนก", "นโยบาย", "เงื่อนไข", "เมนู"],
    follows: &[],
    questions: &[],
};

const CHINESE: Pairs = Pairs {
    is_spaced: false,
    and: &["和", "與", "及", "以及", "跟", "、", "又", "且", "而且", "並且"],
    or: &["或"],
    articles: &["我們的", "其"],
    aspects: &[
        &["價格", "價錢", "費用"],
        &["服務", "客服"],
        &["品質"],
        &["速度"],
        &["配送", "運送", "送貨"],
        &["商品", "產品"],
        &["態度"],
        &["包裝"],
        &["設計", "外觀"],
        &["功能"],
        &["環境", "氣氛"],
        &["餐點", "食物"],
        &["付款", "結帳"],
    ],
    qualities: &[
        &["快速", "迅速", "快"],
        &["友善", "親切", "有禮貌"],
        &["清楚", "明確"],
        &["簡單", "容易", "方便"],
        &["專業"],
        &["實用", "有用"],
        &["便宜"],
        &["乾淨"],
        &["好吃"],
    ],
    containers: &[],
    follows: &["的", "是", "有", "如", "滿", "感", "嗎", "都", "在", "讓", "令", "很", "方面", "怎", "|"],
    questions: &["滿意", "如何", "多少", "嗎", "什麼", "哪", "怎麼", "是否"],
};

const VIETNAMESE: Pairs = Pairs {
    is_spaced: true,
    and: &[" và ", " cũng như ", " lẫn "],
    or: &[" hoặc ", " hay "],
    articles: &["các", "những", "về", "sự"],
    aspects: &[
        &["giá", "giá cả"],
        &["chất lượng"],
        &["dịch vụ"],
        &["tốc độ"],
        &["giao hàng", "vận chuyển"],
        &["sản phẩm"],
        &["nhân viên"],
        &["thái độ"],
        &["thiết kế"],
        &["đóng gói", "bao bì"],
        &["thanh toán"],
        &["món ăn", "đồ ăn"],
        &["không gian"],
    ],
    qualities: &[
        &["nhanh", "nhanh chóng"],
        &["thân thiện", "lịch sự"],
        &["rõ ràng"],
        &["hữu ích"],
        &["dễ", "dễ dàng", "tiện lợi", "đơn giản"],
        &["chuyên nghiệp"],
        &["sạch sẽ"],
        &["rẻ"],
        &["ngon"],
    ],
    containers: &["trang", "mục", "phần", "gói", "chính sách", "bộ phận", "đội", "đội ngũ"],
    follows: &[],
    questions: &[" nào ", " gì ", " không ", " bao nhiêu ", " thế nào ", " sao "],
};

const PERSIAN: Pairs = Pairs {
    is_spaced: true,
    and: &[" و "],
    or: &[" یا "],
    articles: &["از", "هم"],
    aspects: &[
        &["قیمت", "قیمت‌ها", "قیمت‌های"],
        &["کیفیت"],
        &["خدمات", "پشتیبانی"],
        &["سرعت"],
        &["ارسال", "تحویل"],
        &["محصول", "محصولات", "کالا"],
        &["کارکنان", "برخورد"],
        &["طراحی"],
        &["بسته‌بندی"],
        &["تنوع"],
        &["نظافت"],
        &["غذا"],
        &["پرداخت"],
    ],
    qualities: &[
        &["سریع"],
        &["دوستانه", "مودب", "مودبانه", "محترمانه"],
        &["روشن", "واضح"],
        &["مفید"],
        &["آسان", "ساده", "راحت"],
        &["ارزان"],
        &["تمیز"],
        &["خوشمزه"],
    ],
    containers: &["صفحه", "صفحه‌ی", "صفحات", "بخش", "تیم", "واحد", "شرایط", "قوانین", "گزینه‌های"],
    follows: &[],
    questions: &[" چقدر ", " آیا ", " چه ", " چطور ", " چگونه ", " کدام "],
};

/// Its words stand as [`stem`] leaves them.
const ARABIC: Pairs = Pairs {
    is_spaced: true,
    and: &[" و"],
    or: &[" أو "],
    articles: &["عن"],
    aspects: &[
        &["سعر", "أسعار"],
        &["جودة"],
        &["خدمة", "خدمات", "دعم"],
        &["سرعة"],
        &["توصيل", "شحن", "تسليم"],
        &["منتج", "منتجات"],
        &["موظفين", "تعامل"],
        &["تصميم"],
        &["تغليف"],
        &["نظافة"],
        &["طعام"],
        &["دفع"],
    ],
    qualities: &[
        &["سريع"],
        &["ودود", "لطيف", "مهذب"],
        &["واضح"],
        &["مفيد"],
        &["سهل", "بسيط"],
        &["رخيص"],
        &["نظيف"],
        &["لذيذ"],
    ],
    containers: &["صفحة", "صفحات", "قسم", "فريق", "سياسة", "شروط", "خيارات"],
    follows: &[],
    questions: &[" هل ", " ما ", " كيف ", " كم ", " أي ", " لماذا "],
};

/// What somebody does one after the other, and may find easy and hard.
const ENGLISH_VERBS: &[&str] = &[
    "find",
    "buy",
    "order",
    "pay",
    "book",
    "return",
    "cancel",
    "contact",
    "install",
    "use",
    "register",
    "compare",
    "choose",
    "understand",
    "download",
    "navigate",
    "sign",
    "log",
    "set",
];
/// What follows a verb and not the noun of the same letters.
const AFTER_VERBS: &[&str] = &[
    "|", "a", "an", "the", "your", "our", "it", "them", "for", "with", "in", "on", "up", "us", "what", "this",
];
const ENGLISH_PRAISE: &[&str] = &[
    "great",
    "amazing",
    "awesome",
    "fantastic",
    "wonderful",
    "excellent",
    "outstanding",
    "brilliant",
    "superb",
    "award-winning",
    "delightful",
    "delicious",
    "incredible",
    "exceptional",
    "terrible",
    "awful",
    "horrible",
    "frustrating",
    "annoying",
];
const GERMAN_PRAISE: &[&str] = &[
    "toll",
    "großartig",
    "fantastisch",
    "wunderbar",
    "hervorragend",
    "ausgezeichnet",
    "exzellent",
    "genial",
];

/// What it is that a question asks two of, such as "price and service", by the rules of the language of `tag`.
pub(super) fn double_barrelled(text: &str, tag: &str, is_rating: bool) -> Option<String> {
    let language = language(tag)?;
    let pairs = pairs(language)?;
    let mut plain = plain(text);
    if language == "ar" {
        plain = stems(&plain);
    }
    if !pairs.is_spaced {
        plain.retain(|c| c != ' ');
    }
    let words: Vec<_> = plain.split(' ').filter(|word| !word.is_empty()).collect();
    let is_two =
        || text.split_inclusive(['?', '？', '؟']).filter(|part| pairs.asks(part, language)).count() > 1;
    pairs
        .find(&plain, is_rating)
        .or_else(|| english_steps(&words).filter(|_| language == "en"))
        .or_else(|| (is_two() || language == "en" && asks_on(&words)).then(|| "two things".to_owned()))
}

/// The words that suggest an answer.
pub(super) fn leading(text: &str, tag: &str) -> Option<String> {
    let plain = plain(text);
    let words: Vec<_> = plain.split(' ').filter(|word| !word.is_empty()).collect();
    let any = |cues: &[&str]| cues.iter().find(|cue| says(&plain, cue)).map(|cue| (*cue).to_owned());
    match language(tag) {
        Some("en") => english_lead(&words),
        Some("th") => any(&["ยอดเยี่ยมแค่ไหน", "ยอดเยี่ยมเพียงใด", "ดีเยี่ยมแค่ไหน", "ใช่ไหม", "ใช่มั้ย"]),
        Some("zh-Hant") => any(&[
            "難道",
            "您不覺得",
            "你不覺得",
            "有多棒",
            "多麼",
            "對吧",
            "對不對",
            "我們優質",
            "我們卓越",
            "我們出色",
        ]),
        Some("vi") => any(&[
            "tuyệt vời như thế nào",
            "tuyệt vời đến mức nào",
            "tuyệt vời đến đâu",
            "tuyệt vời của chúng tôi",
            "xuất sắc của chúng tôi",
            "chẳng phải",
        ])
        .or_else(|| {
            plain.trim_end_matches([' ', '|']).ends_with(" phải không").then(|| "phải không".to_owned())
        }),
        Some("fa") => {
            any(&["مگر نه", "این‌طور نیست", "چقدر عالی", "چقدر فوق‌العاده", "فوق‌العادهٔ ما", "بی‌نظیر ما"])
        }
        Some("ar") => any(&["ألا تعتقد", "ألا تظن", "ألا تحب", "ألا ترى", "أليس", "ما مدى روعة"]).or_else(|| {
            const PRAISE: [&str; 4] = ["الرائع", "الممتاز", "المذهل", "المتميز"];
            pair(&words, |ours, praise| {
                ours.ends_with("نا") && PRAISE.iter().any(|word| praise.starts_with(word))
            })
        }),
        _ if tag.split('-').next() == Some("de") => {
            any(&["finden sie nicht", "findest du nicht", "meinen sie nicht"]).or_else(|| {
                let is_praise = |word: &str| GERMAN_PRAISE.iter().any(|praise| word.starts_with(praise));
                pair(&words, |before, word| {
                    (before == "wie" || before.starts_with("unser")) && is_praise(word)
                })
            })
        }
        _ => None,
    }
}

/// Whether Candor's labels for the metric's ends answer a question of these words, in a language that Candor speaks.
pub(super) fn is_about(text: &str, tag: &str, metric: Metric) -> Option<bool> {
    let (nps, csat, ces): (&[&str], &[&str], &[&str]) = match language(tag)? {
        "en" => (
            &["recommend", "likel"],
            &["satisf", "happy", "pleased"],
            &[" eas", "effortless", "difficult", " hard ", "simpl"],
        ),
        "th" => (&["แนะนำ", "แนวโน้ม", "โอกาส"], &["พอใจ"], &["ง่าย", "ยาก"]),
        "zh-Hant" => (&["推薦", "可能", "介紹"], &["滿意"], &["容易", "難", "簡單"]),
        "vi" => (&["giới thiệu", "khả năng", "đề xuất"], &["hài lòng"], &["dễ", "khó"]),
        "fa" => {
            (&["توصیه", "پیشنهاد", "معرفی", "احتمال"], &["رضایت", "راضی"], &["آسان", "سخت", "ساده", "راحت"])
        }
        "ar" => {
            (&["احتمال", "توصي", "توصية", "ترشيح", "ترشح"], &["رضا", "راض"], &["سهل", "سهول", "صعب", "صعوب"])
        }
        _ => return None,
    };
    let cues = match metric {
        Metric::Nps => nps,
        Metric::Csat => csat,
        Metric::Ces => ces,
    };
    let text = plain(text);
    Some(cues.iter().any(|cue| text.contains(&letters(cue))))
}

/// Whether a text asks for a review in public.
pub(super) fn asks_for_a_review(text: &str) -> bool {
    const REQUESTS: &[&str] = &[
        "leave a review",
        "leave us a review",
        "leave your review",
        "write a review",
        "write us a review",
        "post a review",
        "post your review",
        "review us",
        "public review",
        "rate us on",
        "google review",
        "trustpilot",
        "tripadvisor",
        "yelp",
        "capterra",
        "g.page",
        "bewertung schreiben",
        "bewertung abgeben",
        "bewertung hinterlassen",
        "เขียนรีวิว",
        "ฝากรีวิว",
        "寫評論",
        "留下評論",
        "五星好評",
        "để lại đánh giá",
        "viết đánh giá",
        "اكتب مراجعة",
        "كتابة مراجعة",
        "اترك تقييم",
        "ترك تقييم",
    ];
    const PLATFORMS: &[&str] =
        &["google", "app store", "play store", "facebook", "amazon", "กูเกิล", "گوگل", "جوجل", "غوغل"];
    const ACTS: &[&str] = &[
        "review",
        "reviews",
        "rate",
        "rating",
        "stars",
        "tell",
        "share",
        "bewerten",
        "bewertung",
        "รีวิว",
        "ให้คะแนน",
        "評論",
        "評價",
        "đánh giá",
        "نظر",
        "امتیاز",
        "تقييم",
        "مراجعة",
    ];
    let text = plain(text);
    let any = |cues: &[&str]| cues.iter().any(|cue| says(&text, cue));
    REQUESTS.iter().any(|cue| text.contains(plain(cue).trim())) || any(PLATFORMS) && any(ACTS)
}

/// The language whose rules hold for a tag, if Candor speaks it.
fn language(tag: &str) -> Option<&'static str> {
    LANGUAGES.get(closest([tag], &LANGUAGES)?).copied()
}

fn pairs(language: &str) -> Option<&'static Pairs> {
    match language {
        "en" => Some(&ENGLISH),
        "th" => Some(&THAI),
        "zh-Hant" => Some(&CHINESE),
        "vi" => Some(&VIETNAMESE),
        "fa" => Some(&PERSIAN),
        "ar" => Some(&ARABIC),
        _ => None,
    }
}

/// The [`letters`] of a text, each word between spaces, and `|` for whatever ends a part of a sentence.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in letters(text).chars() {
        match c {
            '&' => plain.push_str(" and "),
            '/' => plain.push_str(" / "),
            '\'' | '{' | '}' | '-' | '_' => plain.push(c),
            _ if c.is_ascii_punctuation() || "？，。；：！؟،؛“”「」『』…—–«»（）".contains(c) =>
            {
                plain.push_str(" | ");
            }
            _ => plain.push(c),
        }
    }
    let words: Vec<_> = plain.split_whitespace().collect();
    format!(" {} ", words.join(" "))
}

/// A text in small letters that are written in one way, without marks that are often left out.
fn letters(text: &str) -> String {
    let letter = |c| match c {
        '\u{200c}' | '\u{200d}' | '\u{640}' | '\u{64b}'..='\u{655}' | '\u{670}' => None,
        'أ' | 'إ' | 'آ' | 'ٱ' => Some('ا'),
        'ى' | 'ی' => Some('ي'),
        'ک' => Some('ك'),
        '’' => Some('\''),
        _ => Some(c),
    };
    text.chars().flat_map(char::to_lowercase).filter_map(letter).collect()
}

/// Whether a text, as [`plain`] made it, has these words: whole ones where words have spaces between them.
fn says(text: &str, cue: &str) -> bool {
    let cue = plain(cue);
    let is_spaced = !cue.contains(|c| matches!(c, '\u{e00}'..='\u{e7f}' | '\u{3000}'..='\u{9fff}'));
    if is_spaced { text.contains(&cue) } else { text.contains(cue.trim()) }
}

/// An Arabic text whose words are without article and endings, as far as they are then in the lists.
fn stems(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        let and = word.strip_prefix('و').and_then(|rest| Some(format!("و{}", stem(rest)?)));
        and.or_else(|| stem(word)).unwrap_or_else(|| word.to_owned())
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The word of the lists that this one is a form of.
fn stem(word: &str) -> Option<String> {
    let bare = ["بال", "لل", "ال"].into_iter().find_map(|article| word.strip_prefix(article)).unwrap_or(word);
    let ours = bare.strip_suffix("نا").unwrap_or(bare);
    let mut forms = vec![bare.to_owned(), ours.to_owned()];
    forms.extend(ours.strip_suffix('ت').map(|rest| format!("{rest}ة")));
    forms.extend(bare.strip_suffix(['ا', 'ة']).map(str::to_owned));
    let mut known = all(ARABIC.aspects).chain(all(ARABIC.qualities)).map(|(_, known)| letters(known));
    known.find(|known| forms.contains(known))
}

impl Pairs {
    /// The first pair of two different things.
    fn find(&self, text: &str, is_rating: bool) -> Option<String> {
        for conjunction in self.and.iter().chain(self.or.iter().filter(|_| is_rating)) {
            let written = letters(conjunction);
            for (at, _) in text.match_indices(&written) {
                let (Some(left), Some(right)) = (text.get(..at), text.get(at + written.len()..)) else {
                    continue;
                };
                for (groups, follows) in [(self.aspects, self.follows), (self.qualities, &[][..])] {
                    let pair = self.ends(left, groups).zip(self.begins(right, groups, follows));
                    if let Some(((first, one), (second, other))) = pair
                        && first != second
                    {
                        return Some(format!("{one} and {other}"));
                    }
                }
            }
        }
        None
    }

    /// The group and the word with which a text ends, unless it says of a container what is in it.
    fn ends(&self, text: &str, groups: &[&[&'static str]]) -> Option<(usize, &'static str)> {
        all(groups).find(|(_, word)| {
            let before = text.strip_suffix(&*self.bounded(word));
            before.is_some_and(|before| {
                let article =
                    self.articles.iter().find_map(|article| before.strip_suffix(&*self.bounded(article)));
                let before = article.unwrap_or(before);
                !self.containers.iter().any(|container| before.ends_with(&*self.bounded(container)))
            })
        })
    }

    /// The group and the word with which a text begins, after articles.
    fn begins(
        &self,
        mut text: &str,
        groups: &[&[&'static str]],
        follows: &[&str],
    ) -> Option<(usize, &'static str)> {
        loop {
            let found = all(groups).find(|(_, word)| {
                self.after(text, word).is_some_and(|rest| {
                    // 服務品質: one noun made of two.
                    let more =
                        (!self.is_spaced).then(|| all(groups).find_map(|(_, word)| self.after(rest, word)));
                    self.is_end(rest, follows)
                        || more.flatten().is_some_and(|rest| self.is_end(rest, follows))
                })
            });
            if found.is_some() {
                return found;
            }
            text = self.articles.iter().find_map(|article| self.after(text, article))?;
        }
    }

    /// What comes after a word with which the text begins.
    fn after<'a>(&self, text: &'a str, word: &str) -> Option<&'a str> {
        let rest = text.strip_prefix(self.bounded(word).trim_start())?;
        if self.is_spaced { rest.strip_prefix(' ') } else { Some(rest) }
    }

    fn is_end(&self, rest: &str, follows: &[&str]) -> bool {
        let begins = |follow: &&str| {
            if self.is_spaced { rest.split(' ').next() == Some(*follow) } else { rest.starts_with(*follow) }
        };
        rest.is_empty() || follows.is_empty() || follows.iter().any(begins)
    }

    /// A word as it stands in a text behind others.
    fn bounded(&self, word: &str) -> String {
        let word = letters(word);
        if self.is_spaced { format!(" {word}") } else { word }
    }

    /// Whether a sentence asks something.
    fn asks(&self, sentence: &str, language: &str) -> bool {
        // Nothing that a survey wants to know.
        const GREETINGS: [&str; 5] = ["how are you", "do you have a m", "您好嗎", "你好嗎", "有空"];
        let is_question = sentence.ends_with(['?', '？', '؟']);
        let sentence = plain(sentence);
        let is_greeting = GREETINGS.iter().any(|greeting| sentence.contains(greeting));
        let first = sentence.split(' ').find(|word| !word.is_empty() && *word != "|");
        let asks = |word: &&str| {
            if language == "en" { first == Some(*word) } else { sentence.contains(&letters(word)) }
        };
        is_question && !is_greeting && self.questions.iter().any(asks)
    }
}

fn all(groups: &[&[&'static str]]) -> impl Iterator<Item = (usize, &'static str)> {
    groups.iter().enumerate().flat_map(|(group, words)| words.iter().map(move |word| (group, *word)))
}

/// Two words in a row of which something holds.
fn pair(words: &[&str], holds: impl Fn(&str, &str) -> bool) -> Option<String> {
    words.windows(2).find_map(|window| match window {
        [first, second] if holds(first, second) => Some(format!("{first} {second}")),
        _ => None,
    })
}

/// What was to be done one after the other: "to find the product and pay".
fn english_steps(words: &[&str]) -> Option<String> {
    let mut verb = None;
    for (i, word) in words.iter().enumerate() {
        let at = |distance: usize| words.get(i + distance).copied();
        match (*word, verb) {
            ("|", _) => verb = None,
            ("to", None) => verb = at(1).filter(|next| ENGLISH_VERBS.contains(next)),
            ("and", Some(verb)) => {
                let skip = usize::from(matches!(at(1), Some("to" | "then")));
                let is_direct = i.checked_sub(1).and_then(|before| words.get(before)) == Some(&verb);
                let is_verb = at(2 + skip).is_none_or(|after| AFTER_VERBS.contains(&after));
                if let Some(other) = at(1 + skip)
                    && ENGLISH_VERBS.contains(&other)
                    && other != verb
                    && (is_direct || is_verb)
                {
                    return Some(format!("to {verb} and to {other}"));
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether an English sentence goes on to ask something else: "… and why?".
fn asks_on(words: &[&str]) -> bool {
    const ASKS: [&str; 7] = ["how", "why", "what", "when", "where", "who", "which"];
    const VERBS: [&str; 7] = ["was", "were", "did", "do", "does", "would", "is"];
    const SUBJECTS: [&str; 8] = ["it", "you", "we", "the", "our", "they", "your", "this"];
    words.windows(4).enumerate().any(|(at, window)| match window {
        [_, "and", first, next] => {
            // "when and where" is one answer, and "what we do and how it works" one thing.
            let mut before = words.iter().take(at + 1).skip(1).chain(window.first());
            ASKS.contains(first) && !before.any(|word| ASKS.contains(word))
                || VERBS.contains(first) && SUBJECTS.contains(next)
        }
        _ => false,
    })
}

fn english_lead(words: &[&str]) -> Option<String> {
    const PEOPLE: [&str; 5] = ["people", "customers", "users", "visitors", "shoppers"];
    const ADVERBS: [&str; 5] = ["new", "truly", "really", "very", "most"];
    const VERBS: [&str; 8] =
        ["love", "loves", "agree", "agrees", "prefer", "prefers", "recommend", "recommends"];
    const SUBJECTS: [&str; 7] = ["you", "it", "we", "this", "the", "our", "they"];
    for i in 0..words.len() {
        let rest = words.get(i..).unwrap_or_default();
        let is_first = i == 0 || words.get(i - 1) == Some(&"|");
        let cue = match rest {
            ["how", praise, "or", ..] if ENGLISH_PRAISE.contains(praise) => 0,
            ["how", "great", "is", "your", ..] => 0,
            ["how" | "our" | "this" | "these", praise, ..] if ENGLISH_PRAISE.contains(praise) => 2,
            ["our" | "this" | "these", adverb, praise, ..]
                if ADVERBS.contains(adverb) && ENGLISH_PRAISE.contains(praise) =>
            {
                3
            }
            ["how", "much", "do" | "did", "you", "love" | "enjoy" | "adore" | "hate", ..] => 5,
            ["do" | "would", "you", "agree", ..] if is_first && !words.contains(&"disagree") => 3,
            [negated, subject, ..] if is_first && negated.ends_with("n't") && SUBJECTS.contains(subject) => 2,
            ["right"] | ["right", "|"] if is_first && i > 0 => 1,
            ["everyone" | "everybody", verb, ..] if VERBS.contains(verb) => 2,
            ["most", people, verb, ..] if PEOPLE.contains(people) && VERBS.contains(verb) => 3,
            ["most", "of", "our", people, verb, ..] if PEOPLE.contains(people) && VERBS.contains(verb) => 5,
            _ => 0,
        };
        if cue > 0 {
            return rest.get(..cue).map(|cue| cue.join(" "));
        }
    }
    None
}
