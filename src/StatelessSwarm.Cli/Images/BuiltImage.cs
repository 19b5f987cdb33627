using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Cli.Images;

/// <summary>An image that was built.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Format">Its format.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Sha256">SHA-256 of the file.</param>
/// <param name="Entries">Files, directories, links and devices below the root.</param>
/// <param name="SkippedSockets">Sockets left out.</param>
/// <param name="LostAttributes">Extended attributes left out because the format has no place for them.</param>
internal sealed record BuiltImage(
    string Path,
    ImageFormat Format,
    long Length,
    Sha256Digest Sha256,
    long Entries,
    int SkippedSockets,
    int LostAttributes
);
