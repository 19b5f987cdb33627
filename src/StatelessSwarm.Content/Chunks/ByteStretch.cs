namespace StatelessSwarm.Content.Chunks;

/// <summary>A stretch of an image.</summary>
/// <param name="Offset">First byte.</param>
/// <param name="Length">Bytes, at least 1.</param>
public readonly record struct ByteStretch(long Offset, long Length);
