using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Torrents;

/// <summary>A file of a torrent in the making, read and hashed.</summary>
/// <param name="Segments">Its path.</param>
/// <param name="Length">Bytes.</param>
/// <param name="IsExecutable">Attribute <c>x</c>.</param>
/// <param name="Root">Merkle root; zero for an empty file and in v1-only torrents.</param>
/// <param name="Layer">Concatenated piece hashes; empty for a file of one piece or less.</param>
internal sealed record HashedFile(string[] Segments, long Length, bool IsExecutable, Sha256Digest Root, ReadOnlyMemory<byte> Layer);
