namespace StatelessSwarm.Content.Archives;

/// <summary>A part of a sparse file that is in the archive; what lies between is zeros.</summary>
/// <param name="Offset">Place in the file.</param>
/// <param name="Length">Bytes.</param>
public readonly record struct TarStretch(long Offset, long Length);
