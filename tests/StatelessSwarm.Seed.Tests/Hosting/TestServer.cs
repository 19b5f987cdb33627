using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Seed.Hosting;
using StatelessSwarm.Seed.Releases;
using StatelessSwarm.Seed.Tests.Releases;

namespace StatelessSwarm.Seed.Tests.Hosting;

/// <summary>A server on a free loopback port over a temporary repository whose files are laid out by hand.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    public const string Digest = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    private TestServer(SeedServer seed, string directory)
    {
        Seed = seed;
        Directory = directory;
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{seed.HttpPort}"),
        };
    }

    public SeedServer Seed { get; }

    public string Directory { get; }

    public HttpClient Http { get; }

    public static string ReleaseFile => $"releases/{Digest}/web-1.0/root.squashfs";

    /// <summary>4 MiB of bytes that differ everywhere.</summary>
    public static byte[] Content { get; } = MakeContent();

    public static async Task<TestServer> StartAsync(
        Func<SeedOptions, SeedOptions>? change = null,
        IReleaseSource? source = null,
        Action<string>? prepare = null
    )
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("seed-test-").FullName;
        Write(directory, "metadata/root.mp", "root"u8);
        Write(directory, "metadata/channels/web/stable.mp", "stable"u8);
        Write(directory, $"releases/{Digest}/manifest.mp", "manifest"u8);
        Write(directory, ReleaseFile, Content);
        prepare?.Invoke(directory);
        var options = new SeedOptions
        {
            RepositoryDirectory = directory,
            ListenAddresses = [IPAddress.Loopback],
            HttpPort = 0,
            UseMulticastDns = false,
        };
        options = change?.Invoke(options) ?? options;
        var seed = await SeedServer.StartAsync(
            options,
            new SeedParts(source ?? new FakeReleases(), new FakePeer()),
            HttpListeners.Bind(options.ListenAddresses, options.HttpPort),
            TimeProvider.System,
            NullLoggerFactory.Instance,
            CancellationToken.None
        );
        return new TestServer(seed, directory);
    }

    public static void Write(string directory, string relative, ReadOnlySpan<byte> content)
    {
        var path = Path.Combine(directory, relative);
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
    }

    /// <summary>Sends bytes as they are and reads until the server closes or <paramref name="timeout"/> is over.</summary>
    public async Task<string> SendRawAsync(string request, TimeSpan? timeout = null)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Seed.HttpPort);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
        using var deadline = new CancellationTokenSource(timeout ?? TimeSpan.FromSeconds(10), TimeProvider.System);
        var answer = new MemoryStream();
        try
        {
            await stream.CopyToAsync(answer, deadline.Token);
        }
        catch (IOException)
        {
            // reset: what came before counts
        }
        return Encoding.Latin1.GetString(answer.ToArray());
    }

    /// <summary>Status line's number of a raw GET of <paramref name="target"/>.</summary>
    public async Task<int> StatusOfRawAsync(string target)
    {
        var answer = await SendRawAsync($"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        return int.Parse(answer.Split(' ', 3)[1]);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Seed.DisposeAsync();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private static byte[] MakeContent()
    {
        var content = new byte[4 * 1024 * 1024 + 17];
        new Random(5).NextBytes(content);
        return content;
    }
}
