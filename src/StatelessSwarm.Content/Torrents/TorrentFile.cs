using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Torrents;

/// <summary>One payload file of a torrent; pad files (BEP 47) are not listed.</summary>
/// <param name="Path">Relative path, segments joined by '/', checked: no empty, '.' or '..' segment, no NUL.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Offset">First byte in the torrent's piece space (pad files included). In v2 and hybrid torrents a
/// multiple of the piece length (BEP 52); in v1-only ones anywhere.</param>
/// <param name="PiecesRoot">Merkle root over the file's 16 KiB blocks (BEP 52); zero in v1-only torrents and for
/// empty files.</param>
public sealed record TorrentFile(string Path, long Length, long Offset, Sha256Digest PiecesRoot)
{
    /// <summary>Attribute <c>x</c> (BEP 47): the file is a program.</summary>
    public bool IsExecutable { get; init; }
}
