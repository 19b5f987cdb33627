using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Manifests;

/// <summary>
/// dm-verity parameters of the image; the tree itself never travels (SHA-256, 4096-byte data and hash blocks, format 1).
/// </summary>
/// <param name="RootHash">Root of the hash tree.</param>
/// <param name="Salt">0 to 256 bytes.</param>
public sealed record VerityParameters(Sha256Digest RootHash, ReadOnlyMemory<byte> Salt);
