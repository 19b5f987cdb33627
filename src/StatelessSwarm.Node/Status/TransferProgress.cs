using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Node.Status;

/// <summary>How far the release under way is.</summary>
/// <param name="Digest">Which release.</param>
/// <param name="Version">Its version.</param>
/// <param name="DoneBytes">Bytes fetched and verified by block; while verifying, bytes read.</param>
/// <param name="TotalBytes">Bytes in all.</param>
/// <param name="Sources">Bytes by source so far.</param>
/// <param name="WastedBytes">Bytes thrown away.</param>
/// <param name="Peers">Connected peers.</param>
/// <param name="Seeds">Connected peers that are complete.</param>
public sealed record TransferProgress(
    Sha256Digest Digest,
    string Version,
    long DoneBytes,
    long TotalBytes,
    SourceBytes Sources,
    long WastedBytes,
    int Peers,
    int Seeds
);
