//! The marker skeleton of a JPEG: enough to say how much of a cut-off file can be trusted.

/// What the markers say, read without decoding anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Skeleton {
    /// Colour components of the frame: 1 grey, 3 `YCbCr` or RGB, 4 CMYK.
    pub(super) components: u8,
    /// Whether the frame is progressive.
    pub(super) progressive: bool,
    /// Whether the first scan holds every component.
    pub(super) interleaved: bool,
    /// Scans that were begun.
    pub(super) scans: u32,
    /// Whether the end marker was found.
    pub(super) ended: bool,
}

impl Skeleton {
    /// Walks the markers. Never fails: what cannot be followed counts as cut off there.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut found = Self::default();
        found.walk(bytes);
        found
    }

    fn walk(&mut self, bytes: &[u8]) -> Option<()> {
        let mut at = 2; // after the start marker
        loop {
            at += bytes.get(at..)?.iter().position(|&b| b == 0xff)?;
            at += bytes[at..].iter().position(|&b| b != 0xff)?;
            let marker = bytes[at];
            at += 1;
            match marker {
                0xd9 => {
                    self.ended = true;
                    return None;
                }
                // Stuffed bytes and restarts inside a scan, and markers without a body.
                0x00 | 0x01 | 0xd0..=0xd8 => continue,
                _ => {}
            }
            let length = usize::from(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
            let body = bytes.get(at + 2..at + length)?;
            match marker {
                0xc0..=0xc2 => {
                    self.components = *body.get(5)?;
                    self.progressive = marker == 0xc2;
                }
                0xda => {
                    self.interleaved |= self.scans == 0 && *body.first()? == self.components;
                    self.scans += 1;
                }
                _ => {}
            }
            at += length;
        }
    }

    /// Whether a cut-off file can be judged as far as whole scans decide it.
    ///
    /// A progressive file needs two whole scans, colour and a coarse luma in every encoder's usual script; one of
    /// separate planes needs the first, the luma. In the common case of one scan the decoded rows decide, not this.
    pub(super) fn enough_scans(self) -> bool {
        let whole = if self.ended { self.scans } else { self.scans.saturating_sub(1) };
        let needed = match (self.progressive, self.interleaved) {
            (true, _) => 2,
            (false, false) => 1,
            (false, true) => 0,
        };
        self.ended || whole >= needed
    }
}
