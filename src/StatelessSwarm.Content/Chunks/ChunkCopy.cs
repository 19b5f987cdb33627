namespace StatelessSwarm.Content.Chunks;

/// <summary>A stretch of the new image that an image at hand has: one chunk, or several that follow each other in both.</summary>
/// <param name="Source">Which of the images at hand, from 0.</param>
/// <param name="SourceOffset">First byte there.</param>
/// <param name="Offset">First byte in the new image.</param>
/// <param name="Length">Bytes.</param>
/// <param name="FirstChunk">The first of the new image's chunks that it covers.</param>
/// <param name="ChunkCount">How many it covers.</param>
public readonly record struct ChunkCopy(int Source, long SourceOffset, long Offset, long Length, int FirstChunk, int ChunkCount);
