using StatelessSwarm.Content.Chunks;

namespace StatelessSwarm.Roots.Reuse;

/// <summary>What of a new image was put in place from images at hand.</summary>
/// <param name="Stretches">Where it lies in the new image: ascending, apart from each other.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="SharedBytes">Of these, bytes that share blocks with an older image (reflink).</param>
/// <param name="RottenChunks">Chunks that were not what their map said: they are fetched.</param>
public sealed record ReusedBytes(IReadOnlyList<ByteStretch> Stretches, long Bytes, long SharedBytes, int RottenChunks)
{
    /// <summary>Nothing.</summary>
    public static ReusedBytes None { get; } = new([], 0, 0, 0);
}
