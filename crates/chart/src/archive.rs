//! Charts in a `.tgz`.

use std::io::Read;

use camino::Utf8Path;
use flate2::read::MultiGzDecoder;
use tar::{Archive, EntryType};

use crate::error::ChartErrorKind;

/// The most bytes a chart may unpack to, as in Helm.
pub const MAX_CHART_BYTES: u64 = 100 * 1024 * 1024;
/// The most bytes of one file of a chart, as in Helm.
pub const MAX_FILE_BYTES: u64 = 5 * 1024 * 1024;
/// The most files: a chart of empty files must not fill the memory either.
pub(crate) const MAX_FILES: usize = 20_000;

/// A file of a chart: its path below the chart, with slashes, and its bytes.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
}

fn bad<T>(reason: impl Into<String>) -> Result<T, ChartErrorKind> {
    Err(ChartErrorKind::BadArchive(reason.into()))
}

/// Reads an archive. Its first directory, whatever its name, is the chart.
pub(crate) fn unpack(bytes: &[u8]) -> Result<Vec<File>, ChartErrorKind> {
    if !bytes.starts_with(&[0x1f, 0x8b, 0x08]) {
        return bad("not a gzipped archive");
    }
    // One byte more than allowed, so that what is cut is noticed; headers and padding come on top.
    let limit = MAX_CHART_BYTES + 4 * MAX_FILES as u64 * 512;
    let mut archive = Archive::new(MultiGzDecoder::new(bytes).take(limit));
    let damaged = |error: std::io::Error| ChartErrorKind::BadArchive(error.to_string());
    let mut files = Vec::new();
    let mut remaining = MAX_CHART_BYTES;
    for entry in archive.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        match entry.header().entry_type() {
            EntryType::Directory | EntryType::XGlobalHeader | EntryType::XHeader => continue,
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {}
            _ => return bad(format!("{name:?} is a link or a device, not a file")),
        }
        let path = safe_path(&name)?;
        let size = entry.header().size().map_err(damaged)?.max(entry.size());
        if size > MAX_FILE_BYTES {
            return Err(ChartErrorKind::TooLarge { limit: MAX_FILE_BYTES });
        }
        if size > remaining || files.len() >= MAX_FILES {
            return Err(ChartErrorKind::TooLarge { limit: MAX_CHART_BYTES });
        }
        let mut bytes = Vec::new();
        entry.by_ref().take(MAX_FILE_BYTES).read_to_end(&mut bytes).map_err(damaged)?;
        remaining -= bytes.len() as u64;
        if bytes.starts_with(&[0xef, 0xbb, 0xbf]) {
            bytes.drain(..3);
        }
        files.push(File { path, bytes });
    }
    if files.is_empty() {
        return bad("it holds no files");
    }
    Ok(files)
}

/// The path below the archive's first directory, refused where it leads out of it.
fn safe_path(name: &str) -> Result<String, ChartErrorKind> {
    let name = if name.contains('\\') { name.replace('\\', "/") } else { name.to_owned() };
    let (first, rest) = name.split_once('/').unwrap_or((&name, ""));
    if first == "Chart.yaml" {
        return bad("Chart.yaml is not in a directory of its own");
    }
    if first == ".." || Utf8Path::new(rest).is_absolute() {
        return bad(format!("{name:?} leads out of the chart"));
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in rest.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.pop().is_none() => return bad(format!("{name:?} leads out of the chart")),
            ".." => {}
            other => parts.push(other),
        }
    }
    let is_drive = parts.first().is_some_and(|first| {
        first.len() == 2 && first.ends_with(':') && first.starts_with(|c: char| c.is_ascii_alphabetic())
    });
    if parts.is_empty() || is_drive {
        return bad(format!("{name:?} is no name of a file in a chart"));
    }
    Ok(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// An archive written byte by byte: no library writes names that climb.
    fn archive(entries: &[(&str, u8, &[u8])]) -> Vec<u8> {
        let mut tar = Vec::new();
        for (name, kind, content) in entries {
            let mut header = [0_u8; 512];
            header[..name.len()].copy_from_slice(name.as_bytes());
            header[100..107].copy_from_slice(b"0000644");
            header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
            header[156] = *kind;
            header[257..263].copy_from_slice(b"ustar\0");
            header[263..265].copy_from_slice(b"00");
            header[148..156].copy_from_slice(b"        ");
            let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
            header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
            tar.extend_from_slice(&header);
            tar.extend_from_slice(content);
            tar.resize(tar.len().div_ceil(512) * 512, 0);
        }
        tar.resize(tar.len() + 1024, 0);
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(&tar).expect("writes to memory");
        encoder.finish().expect("writes to memory")
    }

    fn refusal(entries: &[(&str, u8, &[u8])]) -> ChartErrorKind {
        unpack(&archive(entries)).expect_err("must be refused")
    }

    #[test]
    fn files_are_read_below_the_first_directory() {
        let files =
            unpack(&archive(&[("a/", b'5', b""), ("a/./b/../Chart.yaml", b'0', b"x")])).expect("valid");
        assert_eq!(files[0].path, "Chart.yaml");
        assert_eq!(files[0].bytes, b"x");
    }

    #[test]
    fn what_leads_out_links_or_swells_is_refused() {
        for name in
            ["a/../../etc/passwd", "../a/b", "a//etc/passwd/..", "a/C:/x", "Chart.yaml", "a\\..\\..\\b"]
        {
            assert!(matches!(refusal(&[(name, b'0', b"x")]), ChartErrorKind::BadArchive(_)), "{name}");
        }
        assert!(matches!(refusal(&[("a/link", b'2', b"")]), ChartErrorKind::BadArchive(_)));
        assert!(matches!(refusal(&[("a/link", b'1', b"")]), ChartErrorKind::BadArchive(_)));
        let large = vec![0_u8; usize::try_from(MAX_FILE_BYTES).expect("small") + 1];
        assert_eq!(refusal(&[("a/x", b'0', &large)]), ChartErrorKind::TooLarge { limit: MAX_FILE_BYTES });
        let bomb: Vec<String> = (0..21).map(|index| format!("a/{index}")).collect();
        let most = &large[..large.len() - 1];
        let entries: Vec<(&str, u8, &[u8])> = bomb.iter().map(|name| (name.as_str(), b'0', most)).collect();
        assert_eq!(refusal(&entries), ChartErrorKind::TooLarge { limit: MAX_CHART_BYTES });
        assert!(matches!(unpack(b"name: x\n"), Err(ChartErrorKind::BadArchive(_))));
    }
}
