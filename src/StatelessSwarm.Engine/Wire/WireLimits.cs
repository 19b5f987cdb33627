namespace StatelessSwarm.Engine.Wire;

/// <summary>Limits that depend on the torrent and on us.</summary>
/// <param name="PieceCount">Pieces in the torrent, which fixes the length of a bitfield; 0 while unknown (magnet).</param>
/// <param name="MaxBlockLength">Longest data of a Piece message we take.</param>
/// <param name="MaxExtendedLength">Longest extended message; 64 KiB: the longest that any of ours means anything with is a metadata piece of
/// 16 KiB and its head.</param>
public sealed record WireLimits(int PieceCount, int MaxBlockLength = 128 * 1024, int MaxExtendedLength = 64 * 1024);
