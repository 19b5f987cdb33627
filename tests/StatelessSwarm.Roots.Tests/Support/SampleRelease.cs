using StatelessSwarm.Content.Chunks;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Trust.Keys;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Roots.Tests.Support;

/// <summary>A signed release with an image and a kernel, in memory.</summary>
internal sealed class SampleRelease
{
    private static readonly SigningKey Key = SigningKey.FromSeed(new byte[32]);

    public SampleRelease(int number, byte[] image, ImageFormat format = ImageFormat.SquashFs, byte[]? kernel = null)
    {
        Contents = new SortedDictionary<string, byte[]>(StringComparer.Ordinal)
        {
            [format == ImageFormat.Erofs ? "root.erofs" : "root.squashfs"] = image,
            ["vmlinuz"] = kernel ?? RandomBytes(number, 5000),
        };
        using var chunks = new ChunkMapBuilder();
        chunks.Append(image);
        Map = chunks.Finish().Encode();
        var salt = RandomBytes(number, 32);
        Manifest = new ReleaseManifest
        {
            Product = "web",
            Version = $"{number}.0",
            Build = number,
            CreatedUnixSeconds = 1_700_000_000 + number,
            Format = format,
            Verity = new VerityParameters(ReferenceVerity.RootOf(image, salt), salt),
            TorrentHash = Sha256Digest.HashData(salt),
            Files =
            [
                .. Contents.Select(file => new ReleaseFile(
                    file.Key == "vmlinuz" ? ReleaseFileRole.Kernel : ReleaseFileRole.Root,
                    file.Key,
                    file.Value.Length,
                    Sha256Digest.HashData(file.Value),
                    Sha256Digest.HashData([1])
                )),
            ],
            ChunkMap = new ReleaseChunkMap(Map.Length, Sha256Digest.HashData(Map), Sha256Digest.HashData([2])),
        };
        Rename(Manifest);
    }

    public IReadOnlyDictionary<string, byte[]> Contents { get; private set; }

    public ReleaseManifest Manifest { get; private set; }

    /// <summary>Chunk map of the image.</summary>
    public byte[] Map { get; }

    public Sha256Digest Digest { get; private set; }

    public byte[] Envelope { get; private set; } = [];

    public byte[] Torrent { get; } = RandomBytes(7, 700);

    /// <summary>A release of random bytes, 4 KiB blocks' worth of them.</summary>
    public static SampleRelease Random(int number, int imageBlocks = 5) =>
        new(number, RandomBytes(1000 + number, imageBlocks * 4096));

    public static byte[] RandomBytes(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>The same files under another manifest.</summary>
    public SampleRelease With(Func<ReleaseManifest, ReleaseManifest> change)
    {
        var copy = (SampleRelease)MemberwiseClone();
        copy.Rename(change(Manifest));
        return copy;
    }

    /// <summary>The same release with one more file.</summary>
    public SampleRelease WithFile(ReleaseFileRole role, string name, byte[] bytes)
    {
        var copy = (SampleRelease)MemberwiseClone();
        copy.Contents = new SortedDictionary<string, byte[]>(Contents.ToDictionary(), StringComparer.Ordinal) { [name] = bytes };
        var file = new ReleaseFile(role, name, bytes.Length, Sha256Digest.HashData(bytes), Sha256Digest.HashData([1]));
        copy.Rename(Manifest with { Files = [.. Manifest.Files.Append(file).OrderBy(one => one.Name, StringComparer.Ordinal)] });
        return copy;
    }

    public StoredRelease Stage(ReleaseStore store) => store.Stage(Digest, Manifest, Envelope, Torrent);

    /// <summary>Stages the release and writes its files, as a finished download leaves them.</summary>
    public StoredRelease StageAndFill(ReleaseStore store)
    {
        var staged = Stage(store);
        if (staged.IsStaged)
            Fill(staged);
        return staged;
    }

    public void Fill(StoredRelease staged)
    {
        foreach (var (name, bytes) in Contents)
        {
            using var file = File.OpenHandle(Path.Combine(staged.Directory, name), FileMode.Open, FileAccess.Write);
            RandomAccess.Write(file, bytes, 0);
        }
    }

    public Task<StoredRelease> AddToAsync(ReleaseStore store) =>
        store.CommitAsync(StageAndFill(store), null, CancellationToken.None);

    /// <summary>Writes envelope and files into a directory of their own.</summary>
    public void WriteTo(string directory)
    {
        Directory.CreateDirectory(directory);
        File.WriteAllBytes(Path.Combine(directory, "manifest.mp"), Envelope);
        foreach (var (name, bytes) in Contents)
            File.WriteAllBytes(Path.Combine(directory, name), bytes);
    }

    /// <summary>True when the directory holds exactly this release, byte for byte.</summary>
    public bool IsIn(string directory) =>
        Contents.All(file =>
        {
            var path = Path.Combine(directory, file.Key);
            return File.Exists(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(file.Value);
        }) && File.ReadAllBytes(Path.Combine(directory, "manifest.mp")).AsSpan().SequenceEqual(Envelope);

    private void Rename(ReleaseManifest manifest)
    {
        Manifest = manifest;
        var payload = manifest.Encode();
        Digest = Sha256Digest.HashData(payload);
        Envelope = SignedEnvelope.Sign(MetadataRole.Release, payload, [Key]).Encode();
    }
}
