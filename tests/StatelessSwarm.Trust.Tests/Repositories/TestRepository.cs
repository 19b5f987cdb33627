using System.Buffers.Binary;
using Microsoft.Extensions.Time.Testing;
using StatelessSwarm.Trust.Durability;
using StatelessSwarm.Trust.Keys;
using StatelessSwarm.Trust.Repositories;

namespace StatelessSwarm.Trust.Tests.Repositories;

/// <summary>A repository in a fresh directory, and images to put into it.</summary>
internal sealed class TestRepository : IDisposable
{
    private readonly TempDirectory _directory = new();

    public TestRepository() => Repository = Repository.Init(Location, [Key], Time);

    public FakeTimeProvider Time { get; } = new(DateTimeOffset.FromUnixTimeSeconds(TestSite.Now));

    public SigningKey Key { get; } = TestKeys.Named("publisher");

    public Repository Repository { get; }

    public string Location => _directory.At("repo");

    public string At(string relative) => Path.Combine(Location, relative);

    public void Dispose() => _directory.Dispose();

    /// <summary>A file that begins like SquashFS and goes on at random.</summary>
    public string Image(string name, int length = 48 * 1024)
    {
        var bytes = new byte[length];
        new Random(name.Sum(letter => letter) ^ length).NextBytes(bytes);
        bytes.AsSpan(0, 96).Clear();
        "hsqs"u8.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), 1);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), 128 * 1024);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(20), 6);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(22), 17);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(28), 4);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(40), (ulong)length);
        return Other(name, bytes);
    }

    /// <summary>A source file with these bytes.</summary>
    public string Other(string name, byte[] bytes)
    {
        var path = _directory.At(name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    public PublishRequest Request(string version, string? image = null) =>
        new()
        {
            Product = "web",
            Version = version,
            RootPath = image ?? Image("image " + version),
            Channels = ["stable"],
        };

    public Task<PublishedRelease> PublishAsync(PublishRequest request) =>
        Repository.PublishAsync(request, [Key], progress: null, CancellationToken.None);

    public Repository Reopen(DurableFiles? files = null) => Repository.Open(Location, Time, files ?? DurableFiles.Default);

    public async Task<IReadOnlyList<RepositoryProblem>> CheckAsync() =>
        await Reopen().CheckAsync(progress: null, CancellationToken.None);
}
