namespace StatelessSwarm.Content.Torrents;

/// <summary>A stretch of the piece space that lies in one file, or between files (pad, BEP 47: zeros that nobody stores).</summary>
/// <param name="FileIndex">Index in <see cref="TorrentInfo.Files"/>, or -1 for pad.</param>
/// <param name="FileOffset">First byte in the file; 0 for pad.</param>
/// <param name="Length">Bytes, at least 1.</param>
public readonly record struct FileSpan(int FileIndex, long FileOffset, int Length)
{
    /// <summary>True for pad bytes.</summary>
    public bool IsPad => FileIndex < 0;
}
