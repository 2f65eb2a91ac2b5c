//! Frame sizes of a WebP, read before a decoder allocates for them.

/// The largest frame that any chunk claims, as (width, height).
///
/// The container's canvas says one size and each frame's bitstream says its own; a decoder allocates for the latter
/// before it compares them.
pub(super) fn largest_frame(bytes: &[u8]) -> Option<(u32, u32)> {
    largest(bytes.get(12..)?, false)
}

fn largest(mut rest: &[u8], nested: bool) -> Option<(u32, u32)> {
    let mut found: Option<(u32, u32)> = None;
    while let Some((head, body)) = rest.split_at_checked(8) {
        let size = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let chunk = &body[..size.min(body.len())];
        let claimed = match &head[..4] {
            b"VP8 " => lossy(chunk),
            b"VP8L" => lossless(chunk),
            // A frame of an animation: 16 bytes of place and time, then chunks.
            b"ANMF" if !nested => chunk.get(16..).and_then(|inner| largest(inner, true)),
            _ => None,
        };
        found = [found, claimed].into_iter().flatten().max_by_key(|&(w, h)| u64::from(w) * u64::from(h));
        rest = body.get(size.saturating_add(size & 1)..).unwrap_or_default();
    }
    found
}

/// RFC 6386, section 9.1: three bytes of tag, the start code, then 14 bits for each side.
fn lossy(chunk: &[u8]) -> Option<(u32, u32)> {
    let sides = chunk.get(6..10)?;
    let side = |low: u8, high: u8| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
    Some((side(sides[0], sides[1]), side(sides[2], sides[3])))
}

/// RFC 9649, section 3.4: a signature byte, then 14 bits of side - 1 each.
fn lossless(chunk: &[u8]) -> Option<(u32, u32)> {
    let bits = chunk.get(1..5)?;
    let bits = u32::from_le_bytes([bits[0], bits[1], bits[2], bits[3]]);
    Some(((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1))
}
