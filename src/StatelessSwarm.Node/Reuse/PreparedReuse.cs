using StatelessSwarm.Content.Chunks;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Roots.Reuse;
using StatelessSwarm.Swarm.Storage;

namespace StatelessSwarm.Node.Reuse;

/// <summary>What is needed to put together a new release from what is on this machine.</summary>
/// <param name="Staged">The new release.</param>
/// <param name="Map">Chunk map of its image.</param>
/// <param name="Images">Images at hand, the most trustworthy first.</param>
/// <param name="WholeFiles">Its files, beside the image, that an older release has as they are: path there.</param>
internal sealed record PreparedReuse(
    StoredRelease Staged,
    ChunkMap Map,
    IReadOnlyList<HeldImage> Images,
    IReadOnlyDictionary<string, string> WholeFiles
)
{
    /// <summary>Copies, and says where what was copied lies in the torrent's files.</summary>
    /// <exception cref="IOException">The new release's files cannot be written.</exception>
    public async Task<(IReadOnlyList<KnownStretch> Stretches, ReusedBytes Image)> CopyAsync(
        TorrentInfo info,
        NeededStretches needed,
        CancellationToken cancellation
    )
    {
        var stretches = new List<KnownStretch>();
        var image = ReusedBytes.None;
        for (var index = 0; index < info.Files.Count; index++)
        {
            var file = index;
            var path = Path.Combine(Staged.Directory, info.Files[file].Path);
            if (info.Files[file].Path == Staged.Manifest.Root.Name)
            {
                image = await ChunkCopier.CopyAsync(
                    path,
                    Map,
                    Images,
                    (offset, length) => needed.ContainsAll(file, offset, length),
                    progress: null,
                    cancellation
                );
                stretches.AddRange(image.Stretches.Select(stretch => new KnownStretch(file, stretch.Offset, stretch.Length)));
            }
            else if (WholeFiles.TryGetValue(info.Files[file].Path, out var source) && needed.ContainsAll(file, 0, info.Files[file].Length))
            {
                await using var from = new FileStream(source, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                await using var to = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
                await from.CopyToAsync(to, cancellation);
                stretches.Add(new KnownStretch(file, 0, Math.Min(from.Position, info.Files[file].Length)));
            }
        }
        return (stretches, image);
    }
}
