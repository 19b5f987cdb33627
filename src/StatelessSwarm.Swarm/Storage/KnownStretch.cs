namespace StatelessSwarm.Swarm.Storage;

/// <summary>Bytes of a torrent's file that are there before anything is fetched.</summary>
/// <param name="File">Index of the file.</param>
/// <param name="Offset">First byte in the file.</param>
/// <param name="Length">Bytes, at least 1.</param>
public readonly record struct KnownStretch(int File, long Offset, long Length);
