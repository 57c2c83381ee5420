//! Whole numbers in as few bytes as they need: seven bits in each, the lowest first.

use crate::{StoreError, kept::damaged};

pub(crate) fn write(mut number: u64, to: &mut Vec<u8>) {
    while number >= 0x80 {
        to.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

/// Numbers that may be negative: those next to 0 are the shortest.
pub(crate) fn write_signed(number: i64, to: &mut Vec<u8>) {
    write((number << 1 ^ number >> 63) as u64, to);
}

/// What was written, from its beginning.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    /// Most are of one byte.
    #[inline]
    pub(crate) fn number(&mut self) -> Result<u64, StoreError> {
        match *self.0 {
            [byte, ref rest @ ..] if byte & 0x80 == 0 => {
                self.0 = rest;
                Ok(u64::from(byte))
            }
            _ => self.long_number(),
        }
    }

    fn long_number(&mut self) -> Result<u64, StoreError> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let (byte, rest) = self.0.split_first().ok_or_else(|| damaged("a number is cut off"))?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f).checked_shl(shift).ok_or_else(|| damaged("a number"))?;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
            shift += 7;
        }
    }

    pub(crate) fn signed(&mut self) -> Result<i64, StoreError> {
        let number = self.number()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// A number that its kind can hold.
    pub(crate) fn small<T: TryFrom<u64>>(&mut self) -> Result<T, StoreError> {
        T::try_from(self.number()?).map_err(|_| damaged("a number is too large"))
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Result<&'a [u8], StoreError> {
        let (bytes, rest) = self.0.split_at_checked(length).ok_or_else(|| damaged("a text is cut off"))?;
        self.0 = rest;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_and_small_ones_are_short() {
        let numbers = [0, 1, 63, 64, 127, 128, 16_383, 16_384, u64::from(u32::MAX), u64::MAX];
        let mut bytes = Vec::new();
        numbers.iter().for_each(|number| write(*number, &mut bytes));
        assert_eq!(bytes.len(), 5 + 2 + 2 + 3 + 5 + 10);
        let mut reader = Reader::new(&bytes);
        assert_eq!(numbers.map(|_| reader.number().unwrap()), numbers);
        assert!(reader.is_at_end() && reader.number().is_err());
        let signed = [0, -1, 1, 63, -64, i64::MAX, i64::MIN];
        bytes.clear();
        signed.iter().for_each(|number| write_signed(*number, &mut bytes));
        assert_eq!(bytes.len(), 5 + 10 + 10);
        let mut reader = Reader::new(&bytes);
        assert_eq!(signed.map(|_| reader.signed().unwrap()), signed);
    }

    #[test]
    fn what_is_no_number_is_an_error() {
        assert!(Reader::new(&[0x80]).number().is_err());
        assert!(Reader::new(&[0xff; 11]).number().is_err());
        assert!(Reader::new(&[0x80, 0x02]).small::<u8>().is_err());
        assert!(Reader::new(b"ab").bytes(3).is_err());
    }
}
