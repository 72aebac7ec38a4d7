//! gzip and PNG without compression: what a client decodes must be real, how small it is does not matter.

/// A gzip member of stored blocks (RFC 1952).
pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    stored(content, &mut out);
    out.extend(crc32(content).to_le_bytes());
    // The format wants the length modulo 2^32.
    out.extend((content.len() as u64).to_le_bytes().iter().take(4));
    out
}

/// An image of one pixel.
pub(crate) fn png([red, green, blue]: [u8; 3]) -> Vec<u8> {
    let row = [0, red, green, blue];
    let mut pixels = vec![0x78, 0x01];
    stored(&row, &mut pixels);
    pixels.extend(adler32(&row).to_be_bytes());
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    png_chunk(*b"IHDR", &[0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0], &mut out);
    png_chunk(*b"IDAT", &pixels, &mut out);
    png_chunk(*b"IEND", &[], &mut out);
    out
}

/// Deflate's stored blocks hold up to 65 535 bytes each; the last one is marked.
fn stored(content: &[u8], out: &mut Vec<u8>) {
    let blocks = content.chunks(usize::from(u16::MAX));
    for block in blocks {
        out.push(0);
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    out.extend([1, 0, 0, 255, 255]);
}

fn png_chunk(kind: [u8; 4], content: &[u8], out: &mut Vec<u8>) {
    let checked: Vec<u8> = kind.iter().chain(content).copied().collect();
    out.extend(
        u32::try_from(content.len())
            .unwrap_or(u32::MAX)
            .to_be_bytes(),
    );
    out.extend(&checked);
    out.extend(crc32(&checked).to_be_bytes());
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 * (crc & 1))
        })
    })
}

fn adler32(bytes: &[u8]) -> u32 {
    let (low, high) = bytes.iter().fold((1, 0), |(low, high): (u32, u32), byte| {
        let low = (low + u32::from(*byte)) % 65521;
        (low, (high + low) % 65521)
    });
    high << 16 | low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksums_are_the_known_ones() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
    }

    #[test]
    fn a_gzip_member_holds_its_content_in_blocks() {
        let content = vec![7; 70_000];
        let out = gzip(&content);
        assert_eq!(out.len(), 10 + 5 + 65_535 + 5 + 4_465 + 5 + 8);
        assert!(out.ends_with(&70_000_u32.to_le_bytes()));
    }
}
