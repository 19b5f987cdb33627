using System.Net;
using System.Net.Http.Headers;
using StatelessSwarm.Swarm.WebSeeds;

namespace StatelessSwarm.Swarm.Tests.WebSeeds;

/// <summary>The head of a reply to "bytes 100-199 of a file of 1000", or, where it says so, of 100 bytes at an offset of a larger one.</summary>
public sealed class RangeReplyTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("bytes 100-199/1000", 100L, true)]
    [InlineData("bytes 100-199/*", null, true)]
    [InlineData("bytes 100-198/1000", 99L, false)]
    [InlineData("bytes 0-99/1000", 100L, false)]
    [InlineData("bytes 100-199/1001", 100L, false)]
    [InlineData("bytes 100-199/1000", 99L, false)]
    [InlineData("bytes */1000", 100L, false)]
    [InlineData("items 100-199/1000", 100L, false)]
    [InlineData(null, 100L, false)]
    public void Partial_IsTakenOnlyIfItIsExactlyTheRange(string? contentRange, long? contentLength, bool isTaken)
    {
        using var response = Reply(206, contentLength);
        if (contentRange is not null)
            response.Content.Headers.ContentRange = ContentRangeHeaderValue.Parse(contentRange);
        var fault = RangeReply.Check(response, 100, 100, 1000, Now, out var skip);
        Assert.Equal(0, skip);
        if (isTaken)
            Assert.Null(fault);
        else
            Assert.True(fault!.IsFinal);
    }

    [Fact]
    public void Encoded_IsRefused()
    {
        using var response = Reply(206, 100);
        response.Content.Headers.ContentRange = new ContentRangeHeaderValue(100, 199, 1000);
        response.Content.Headers.ContentEncoding.Add("gzip");
        Assert.True(RangeReply.Check(response, 100, 100, 1000, Now, out _)!.IsFinal);
    }

    [Theory]
    [InlineData(0, 1L << 40, 1L << 40, true)]
    [InlineData(100, 1000, 1000L, true)]
    [InlineData(100, 1000, null, true)]
    [InlineData(100, 1000, 999L, false)]
    [InlineData(RangeReply.MaxSkip, 1L << 40, 1L << 40, true)]
    [InlineData(RangeReply.MaxSkip + 1, 1L << 40, 1L << 40, false)]
    public void Whole_IsTakenIfLittleHasToBeSkipped(long offset, long fileLength, long? contentLength, bool isTaken)
    {
        using var response = Reply(200, contentLength);
        var fault = RangeReply.Check(response, offset, 100, fileLength, Now, out var skip);
        Assert.Equal(isTaken, fault is null);
        if (isTaken)
            Assert.Equal(offset, skip);
        else
            Assert.True(fault!.IsFinal);
    }

    [Theory]
    [InlineData(416)]
    [InlineData(404)]
    [InlineData(410)]
    [InlineData(403)]
    [InlineData(300)]
    [InlineData(204)]
    public void Others_AreFinal(int code)
    {
        using var response = Reply(code, 0);
        Assert.True(RangeReply.Check(response, 100, 100, 1000, Now, out _)!.IsFinal);
    }

    [Theory]
    [InlineData(503, null, 0)]
    [InlineData(503, "7", 7)]
    [InlineData(429, "Tue, 01 Jan 2030 00:01:00 GMT", 60)]
    [InlineData(429, "Tue, 01 Jan 2019 00:01:00 GMT", 0)]
    [InlineData(500, "86400", 300)]
    [InlineData(408, "soon", 0)]
    public void Overloaded_IsPausedAsLongAsItSaysWithinReason(int code, string? retryAfter, int seconds)
    {
        using var response = Reply(code, 0);
        if (retryAfter is not null)
            response.Headers.TryAddWithoutValidation("Retry-After", retryAfter);
        var fault = RangeReply.Check(response, 100, 100, 1000, Now, out _)!;
        Assert.False(fault.IsFinal);
        Assert.Equal(TimeSpan.FromSeconds(seconds), fault.RetryAfter);
    }

    [Theory]
    [InlineData("http://a/x/y", "z", "http://a/x/z")]
    [InlineData("http://a/x", "https://b/", "https://b/")]
    [InlineData("https://a/x", "https://b/", "https://b/")]
    [InlineData("https://a/x", "http://b/", null)]
    [InlineData("http://a/x", "ftp://b/", null)]
    [InlineData("http://a/x", "file:///etc/passwd", null)]
    [InlineData("http://a/x", null, null)]
    public void Redirect_LeadsToHttpOnly_AndNeverOutOfHttps(string from, string? location, string? target)
    {
        using var response = Reply(302, 0);
        if (location is not null)
            response.Headers.Location = new Uri(location, UriKind.RelativeOrAbsolute);
        Assert.Equal(target, RangeReply.TargetOf(response, new Uri(from))?.AbsoluteUri);
    }

    private static HttpResponseMessage Reply(int code, long? contentLength)
    {
        var content = new StreamContent(Stream.Null);
        content.Headers.ContentLength = contentLength;
        return new HttpResponseMessage((HttpStatusCode)code) { Content = content };
    }
}
