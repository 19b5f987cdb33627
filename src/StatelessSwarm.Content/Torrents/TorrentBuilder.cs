namespace StatelessSwarm.Content.Torrents;

/// <summary>Makes hybrid (v1 + v2) torrents: one pass over the content computes SHA-1 pieces and the Merkle trees.</summary>
public static partial class TorrentBuilder
{
    /// <summary>Builds the bencoded .torrent file; deterministic for equal input.</summary>
    /// <param name="options">Name, piece length, trackers.</param>
    /// <param name="files">At least one; sorted by path here, as BEP 52's file tree demands.</param>
    /// <param name="progress">Told the bytes hashed so far, at most once per MiB; or null.</param>
    /// <param name="cancellation">Stops between reads.</param>
    /// <exception cref="ContentException">A path is not allowed, twice there, or a stream is shorter or longer than said.</exception>
    public static Task<byte[]> BuildHybridAsync(
        TorrentBuildOptions options,
        IReadOnlyList<TorrentBuildFile> files,
        IProgress<long>? progress,
        CancellationToken cancellation
    ) => throw new NotImplementedException();
}
