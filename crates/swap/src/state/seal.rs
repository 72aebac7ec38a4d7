//! The seal on `state.json`.

use base16ct::HexDisplay;
use signalbox_files::Key;
use signalbox_runtime::Digest;

use super::Damage;

/// One JSON object: the format, which key, the seal, and the payload as it is.
pub(super) fn seal(key: &Key, payload: &[u8]) -> Vec<u8> {
    let head = head(key);
    let seal = key.seal(&[head.as_bytes(), &[0], payload]);
    let mut sealed = head.into_bytes();
    sealed.extend_from_slice(SEAL);
    sealed.extend_from_slice(format!("{:x}", HexDisplay(&seal)).as_bytes());
    sealed.extend_from_slice(PAYLOAD);
    sealed.extend_from_slice(payload);
    sealed.extend_from_slice(END);
    sealed
}

/// The payload of what this key sealed. Every byte of the file is checked: there is one way to
/// write it.
pub(super) fn unseal<'a>(key: &Key, sealed: &'a [u8]) -> Result<&'a [u8], Damage> {
    let rest = sealed.strip_prefix(FORMAT).ok_or(Damage::Cut)?;
    let (format, rest) = split(rest, b",\"key\":\"").ok_or(Damage::Cut)?;
    if format != VERSION.as_bytes() {
        let is_number = format.len() <= 9 && format.iter().all(u8::is_ascii_digit);
        return Err(match str::from_utf8(format) {
            Ok(found) if is_number => Damage::OtherFormat(found.to_owned()),
            _ => Damage::Changed,
        });
    }
    let (found, rest) = split(rest, SEAL).ok_or(Damage::Cut)?;
    let (seal, rest) = split(rest, PAYLOAD).ok_or(Damage::Cut)?;
    let payload = rest.strip_suffix(END).ok_or(Damage::Cut)?;
    if found != id(key).as_bytes() {
        return Err(Damage::ForeignKey);
    }
    let text = str::from_utf8(seal).map_err(|_| Damage::Changed)?;
    let seal: Digest = text.parse().map_err(|_| Damage::Changed)?;
    let is_ours = key.is_seal_of(&[head(key).as_bytes(), &[0], payload], seal.as_bytes());
    // Capital digits say the same in bytes that nobody wrote.
    if !is_ours || seal.to_string() != text {
        return Err(Damage::Changed);
    }
    Ok(payload)
}

/// Everything before the seal.
fn head(key: &Key) -> String {
    let format = String::from_utf8_lossy(FORMAT);
    format!("{format}{VERSION},\"key\":\"{}", id(key))
}

/// Tells a key from others without telling it.
fn id(key: &Key) -> String {
    let id = key.seal(&[b"which key"]);
    format!("{:x}", HexDisplay(id.get(..8).unwrap_or_default()))
}

/// What is before and after the first such bytes.
fn split<'a>(bytes: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let start = bytes.windows(at.len()).position(|window| window == at)?;
    let (before, rest) = bytes.split_at_checked(start)?;
    Some((before, rest.strip_prefix(at)?))
}

/// Raised with every change that an older version would misread.
const VERSION: &str = "1";

const FORMAT: &[u8] = b"{\"format\":";
const SEAL: &[u8] = b"\",\"hmac\":\"";
const PAYLOAD: &[u8] = b"\",\"state\":";
const END: &[u8] = b"}\n";
