using StatelessSwarm.Swarm.Storage;

namespace StatelessSwarm.Testing.Torrents;

/// <summary>Stands for an older image: has random stretches of a sample's files, and puts them where a download wants them.</summary>
public sealed class KnownParts
{
    private readonly SampleTorrent _sample;
    private readonly string _name;
    private readonly List<KnownStretch> _stretches = [];
    private readonly Func<KnownStretch, bool> _isRotten;

    /// <param name="sample">The torrent.</param>
    /// <param name="name">The subdirectory that is downloaded to.</param>
    /// <param name="seed">Decides what is there.</param>
    /// <param name="longest">Bytes of a stretch, and of a hole, at most.</param>
    /// <param name="isRotten">Stretches whose first byte is wrong.</param>
    public KnownParts(SampleTorrent sample, string name, int seed, int longest, Func<KnownStretch, bool>? isRotten = null)
    {
        _sample = sample;
        _name = name;
        _isRotten = isRotten ?? (_ => false);
#pragma warning disable CA5394 // no secret
        var random = new Random(seed);
        for (var file = 0; file < sample.Metainfo.Info.Files.Count; file++)
        {
            var length = sample.Metainfo.Info.Files[file].Length;
            for (var at = (long)random.Next(longest); at < length; )
            {
                var stretch = new KnownStretch(file, at, Math.Min(random.Next(1, longest), length - at));
                _stretches.Add(stretch);
                at += stretch.Length + random.Next(1, longest);
            }
        }
#pragma warning restore CA5394
    }

    /// <summary>Bytes that are there.</summary>
    public long Bytes => _stretches.Sum(stretch => stretch.Length);

    /// <summary>For <see cref="StatelessSwarm.Swarm.Hosting.TorrentAddOptions.FindKnown"/>.</summary>
    public async Task<IReadOnlyList<KnownStretch>> FindAsync(NeededStretches needed, CancellationToken cancellation)
    {
        var paths = _sample.PathsIn(_name);
        var found = new List<KnownStretch>();
        foreach (var stretch in _stretches)
        {
            if (!needed.ContainsAll(stretch.File, stretch.Offset, stretch.Length))
                continue;
            var bytes = new byte[stretch.Length];
            using (var source = File.OpenHandle(_sample.Paths[stretch.File]))
                await RandomAccess.ReadAsync(source, bytes, stretch.Offset, cancellation);
            if (_isRotten(stretch))
                bytes[0] ^= 1;
            using var target = File.OpenHandle(paths[stretch.File], FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            await RandomAccess.WriteAsync(target, bytes, stretch.Offset, cancellation);
            found.Add(stretch);
        }
        return found;
    }
}
