namespace StatelessSwarm.Swarm.WebSeeds;

/// <summary>A stretch of the piece space that lies in one file, or between files.</summary>
/// <param name="FileIndex">Index among the torrent's files; -1 for pad bytes, which are zeros and nobody's to ask for (BEP 47).</param>
/// <param name="Offset">First byte in the file.</param>
/// <param name="Length">Byte count.</param>
internal readonly record struct FileSegment(int FileIndex, long Offset, long Length)
{
    /// <summary>The bytes are zeros.</summary>
    public bool IsPad => FileIndex < 0;
}
