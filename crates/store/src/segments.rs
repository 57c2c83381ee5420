//! In which segments a response is counted, packed: numbers, ascending, each as what it is more than the one before.

use crate::{StoreError, kept::damaged, varint};

pub(crate) fn pack(segments: &[u32]) -> Vec<u8> {
    let (mut packed, mut last) = (Vec::with_capacity(segments.len() * 2), 0);
    for segment in segments {
        varint::write(u64::from(segment.saturating_sub(last)), &mut packed);
        last = *segment;
    }
    packed
}

pub(crate) fn unpack(packed: &[u8]) -> Result<Vec<u32>, StoreError> {
    let (mut segments, mut last) = (Vec::new(), 0_u32);
    let mut reader = varint::Reader::new(packed);
    while !reader.is_at_end() {
        last = last.checked_add(reader.small()?).ok_or_else(|| damaged("a segment"))?;
        segments.push(last);
    }
    Ok(segments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_come_back_in_a_byte_or_two_each() {
        for (segments, bytes) in [(&[][..], 0), (&[1, 2, 3], 3), (&[5, 400, 401], 4), (&[u32::MAX], 5)] {
            let packed = pack(segments);
            assert_eq!((unpack(&packed).unwrap(), packed.len()), (segments.to_vec(), bytes));
        }
        assert!(unpack(&[0x80]).is_err());
        assert!(unpack(&[pack(&[u32::MAX]), vec![1]].concat()).is_err());
    }
}
