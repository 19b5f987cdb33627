namespace StatelessSwarm.Swarm.Storage;

/// <summary>A file of a torrent that is not as the torrent says.</summary>
/// <param name="FileIndex">Index in the torrent's files.</param>
/// <param name="Fault">What is wrong.</param>
/// <param name="Length">Bytes on disk; 0 when it is missing or unreadable.</param>
/// <param name="WrongPieces">Pieces with bytes of it that have the wrong hash, those left out that a file with another fault
/// takes part in: they say nothing of this one.</param>
public sealed record BadFile(int FileIndex, FileFault Fault, long Length, int WrongPieces);
