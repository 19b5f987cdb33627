using System.Net;
using System.Net.Http.Headers;
using StatelessSwarm.Cli.Booting.Media;
using StatelessSwarm.Cli.Tests.Support;

namespace StatelessSwarm.Cli.Tests.Booting;

/// <summary>What is on a medium, asked for by HTTP; and what is not.</summary>
public sealed class MediumServerTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private readonly HttpClient _client = new();
    private readonly byte[] _content = new byte[700_000];
    private MediumServer _server = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(_directory["medium/releases"]);
        new Random(1).NextBytes(_content);
        await File.WriteAllBytesAsync(_directory["medium/releases/root"], _content, Cancellation);
        await File.WriteAllTextAsync(_directory["secret"], "not on the medium", Cancellation);
        _server = MediumServer.Start(_directory["medium"]);
        _client.BaseAddress = _server.Address;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task Get_File_IsItsContent() => Assert.Equal(_content, await _client.GetByteArrayAsync("releases/root", Cancellation));

    [Theory]
    [InlineData(0L, 0L, 0, 1)]
    [InlineData(100_000L, 499_999L, 100_000, 400_000)]
    [InlineData(699_999L, null, 699_999, 1)]
    [InlineData(600_000L, 9_999_999L, 600_000, 100_000)]
    [InlineData(null, 10L, 699_990, 10)]
    public async Task Get_Range_IsThatPart(long? from, long? to, int first, int count)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "releases/root") { Headers = { Range = new RangeHeaderValue(from, to) } };
        using var response = await _client.SendAsync(request, Cancellation);
        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.Equal(_content[first..(first + count)], await response.Content.ReadAsByteArrayAsync(Cancellation));
        Assert.Equal($"bytes {first}-{first + count - 1}/{_content.Length}", response.Content.Headers.ContentRange!.ToString());
    }

    [Theory]
    [InlineData("bytes=700000-")]
    [InlineData("bytes=5-4")]
    [InlineData("bytes=-0")]
    [InlineData("bytes=1-2,5-6")]
    [InlineData("lines=1-2")]
    [InlineData("bytes=x-y")]
    public async Task Get_RangeThatIsNone_IsRefused(string range)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "releases/root");
        Assert.True(request.Headers.TryAddWithoutValidation("Range", range));
        using var response = await _client.SendAsync(request, Cancellation);
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, response.StatusCode);
    }

    [Theory]
    [InlineData("none", HttpStatusCode.NotFound)]
    [InlineData("releases", HttpStatusCode.NotFound)]
    [InlineData("", HttpStatusCode.NotFound)]
    [InlineData("..%2fsecret", HttpStatusCode.NotFound)]
    [InlineData("releases/%2e%2e/%2e%2e/secret", HttpStatusCode.NotFound)]
    public async Task Get_OutsideOrNoFile_IsNotFound(string path, HttpStatusCode expected)
    {
        using var response = await _client.GetAsync(path, Cancellation);
        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task Methods_HeadIsAnswered_OthersAreRefused()
    {
        using var head = await _client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "releases/root"), Cancellation);
        Assert.Equal((HttpStatusCode.OK, (long?)_content.Length), (head.StatusCode, head.Content.Headers.ContentLength));
        using var put = await _client.PutAsync("releases/root", new ByteArrayContent([1]), Cancellation);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, put.StatusCode);
        Assert.Equal(_content, await File.ReadAllBytesAsync(_directory["medium/releases/root"], Cancellation));
    }
}
