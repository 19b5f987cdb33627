using System.Buffers.Binary;
using StatelessSwarm.Trust.Keys;
using StatelessSwarm.Trust.Repositories;

namespace StatelessSwarm.Seed.Tests.Releases;

/// <summary>A real repository in a temporary directory. Its images are a SquashFS superblock and seeded random bytes.</summary>
internal sealed class PublishedRepository : IDisposable
{
    private readonly string _place = System.IO.Directory.CreateTempSubdirectory("seed-repository-").FullName;

    public PublishedRepository()
    {
        Directory = Path.Combine(_place, "repo");
        Repository = Repository.Init(Directory, [Key], TimeProvider.System);
    }

    public SigningKey Key { get; } = SigningKey.Generate();

    public string Directory { get; }

    public Repository Repository { get; }

    public async Task<PublishedRelease> PublishAsync(string version, int bytes = 147 * 4096, int? seed = null)
    {
        var image = Path.Combine(_place, $"{version}.squashfs");
        await File.WriteAllBytesAsync(image, MakeImage(bytes, seed ?? version.GetHashCode(StringComparison.Ordinal)));
        return await Repository.PublishAsync(
            new PublishRequest
            {
                Product = "web",
                Version = version,
                RootPath = image,
                Channels = ["stable"],
            },
            [Key],
            progress: null,
            CancellationToken.None
        );
    }

    public string PayloadPath(PublishedRelease release) =>
        Path.Combine(Directory, RepositoryLayout.File(release.Digest, release.Manifest, release.Manifest.Root));

    public void Dispose() => System.IO.Directory.Delete(_place, recursive: true);

    private static byte[] MakeImage(int bytes, int seed)
    {
        var image = new byte[bytes];
        new Random(seed).NextBytes(image);
        var super = image.AsSpan(0, 96);
        super.Clear();
        "hsqs"u8.CopyTo(super);
        BinaryPrimitives.WriteInt32LittleEndian(super[4..], 1);
        BinaryPrimitives.WriteInt32LittleEndian(super[12..], 1 << 17);
        BinaryPrimitives.WriteInt16LittleEndian(super[20..], 6);
        BinaryPrimitives.WriteInt16LittleEndian(super[22..], 17);
        BinaryPrimitives.WriteInt16LittleEndian(super[28..], 4);
        BinaryPrimitives.WriteInt64LittleEndian(super[40..], bytes);
        return image;
    }
}
