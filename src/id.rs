//! The ids of responses.

use crate::{clock::now, js::window, text::push_hex};

/// A new UUIDv7 (RFC 9562, section 5.7) of now.
pub(crate) fn uuid_v7() -> String {
    let mut random = [0; 10];
    let drawn = window()
        .and_then(|w| w.crypto().ok())
        .and_then(|c| c.get_random_values_with_u8_array(&mut random).ok());
    if drawn.is_none() {
        for byte in &mut random {
            *byte = (js_sys::Math::random() * 256.0) as u8;
        }
    }
    uuid_v7_of(now() as u64, random)
}

fn uuid_v7_of(ms: u64, random: [u8; 10]) -> String {
    let [a, b, c, rest @ ..] = random;
    let version_and_variant = [0x70 | (a & 0x0f), b, 0x80 | (c & 0x3f)];
    let bytes = ms.to_be_bytes().into_iter().skip(2).chain(version_and_variant).chain(rest);
    let mut id = String::with_capacity(36);
    for (i, byte) in bytes.enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            id.push('-');
        }
        push_hex(&mut id, byte);
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_of_version_7() {
        // The example of RFC 9562, appendix A.6.
        let random = [0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f];
        assert_eq!(uuid_v7_of(0x017F_22E2_79B0, random), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    }

    #[test]
    fn ids_sort_by_time() {
        assert!(uuid_v7_of(1, [0xff; 10]) < uuid_v7_of(2, [0; 10]));
    }
}
