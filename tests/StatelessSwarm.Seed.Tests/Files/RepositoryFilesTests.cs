using System.Net;
using System.Net.Http.Headers;
using StatelessSwarm.Seed.Tests.Hosting;

namespace StatelessSwarm.Seed.Tests.Files;

public sealed class RepositoryFilesTests
{
    private static readonly int Length = TestServer.Content.Length;

    [Fact]
    public async Task Get_ReleaseFile_IsWholeAndImmutable()
    {
        await using var server = await TestServer.StartAsync();

        using var answer = await server.Http.GetAsync(TestServer.ReleaseFile);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(TestServer.Content, await answer.Content.ReadAsByteArrayAsync());
        Assert.Equal(Length, answer.Content.Headers.ContentLength);
        Assert.Equal("application/octet-stream", answer.Content.Headers.ContentType!.ToString());
        Assert.False(answer.Headers.ETag!.IsWeak);
        Assert.Equal("public, max-age=31536000, immutable", answer.Headers.GetValues("Cache-Control").Single());
        Assert.Equal("bytes", answer.Headers.GetValues("Accept-Ranges").Single());
        Assert.NotNull(answer.Content.Headers.LastModified);
        Assert.Empty(answer.Headers.Server);
    }

    [Fact]
    public async Task Get_Metadata_IsTaggedByContentAndRevalidated()
    {
        await using var server = await TestServer.StartAsync();
        using var first = await server.Http.GetAsync("metadata/channels/web/stable.mp");
        var stamp = File.GetLastWriteTimeUtc(Path.Combine(server.Directory, "metadata/channels/web/stable.mp"));
        TestServer.Write(server.Directory, "metadata/channels/web/stable.mp", "moved!"u8);
        File.SetLastWriteTimeUtc(Path.Combine(server.Directory, "metadata/channels/web/stable.mp"), stamp);

        using var request = new HttpRequestMessage(HttpMethod.Get, "metadata/channels/web/stable.mp");
        request.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using var second = await server.Http.SendAsync(request);

        Assert.True(first.Headers.CacheControl!.NoCache);
        Assert.Equal("application/vnd.msgpack", first.Content.Headers.ContentType!.ToString());
        Assert.Equal(HttpStatusCode.OK, second.StatusCode);
        Assert.Equal("moved!", await second.Content.ReadAsStringAsync());
        Assert.NotEqual(first.Headers.ETag, second.Headers.ETag);
    }

    [Theory]
    [InlineData("metadata/root.mp")]
    [InlineData($"releases/{TestServer.Digest}/web-1.0/root.squashfs")]
    public async Task Get_WithItsTag_IsNotModified(string path)
    {
        await using var server = await TestServer.StartAsync();
        using var first = await server.Http.GetAsync(path);
        using var byTag = new HttpRequestMessage(HttpMethod.Get, path);
        byTag.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using var byTime = new HttpRequestMessage(HttpMethod.Get, path);
        byTime.Headers.IfModifiedSince = first.Content.Headers.LastModified;
        using var other = new HttpRequestMessage(HttpMethod.Get, path);
        other.Headers.IfNoneMatch.Add(new EntityTagHeaderValue("\"other\""));
        using var mustMatch = new HttpRequestMessage(HttpMethod.Get, path);
        mustMatch.Headers.IfMatch.Add(new EntityTagHeaderValue("\"other\""));

        using var tagAnswer = await server.Http.SendAsync(byTag);
        using var timeAnswer = await server.Http.SendAsync(byTime);
        using var otherAnswer = await server.Http.SendAsync(other);
        using var matchAnswer = await server.Http.SendAsync(mustMatch);

        Assert.Equal(HttpStatusCode.NotModified, tagAnswer.StatusCode);
        Assert.Equal(first.Headers.ETag, tagAnswer.Headers.ETag);
        Assert.NotNull(tagAnswer.Headers.CacheControl);
        Assert.Empty(await tagAnswer.Content.ReadAsByteArrayAsync());
        Assert.Equal(HttpStatusCode.NotModified, timeAnswer.StatusCode);
        Assert.Equal(HttpStatusCode.OK, otherAnswer.StatusCode);
        Assert.Equal(HttpStatusCode.PreconditionFailed, matchAnswer.StatusCode);
    }

    [Theory]
    [InlineData("bytes=0-0", 0, 0)]
    [InlineData("bytes=0-16383", 0, 16383)]
    [InlineData("bytes=1000000-2000000", 1000000, 2000000)]
    [InlineData("bytes=4194304-", 4194304, 4194320)]
    [InlineData("bytes=-17", 4194304, 4194320)]
    [InlineData("bytes=-99999999", 0, 4194320)]
    [InlineData("bytes=4194320-99999999999", 4194320, 4194320)]
    public async Task Get_Range_IsThatPart(string range, int from, int to)
    {
        await using var server = await TestServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, TestServer.ReleaseFile);
        request.Headers.TryAddWithoutValidation("Range", range);

        using var answer = await server.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
        Assert.Equal($"bytes {from}-{to}/{Length}", answer.Content.Headers.ContentRange!.ToString());
        Assert.Equal(TestServer.Content[from..(to + 1)], await answer.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("bytes=4194321-")]
    [InlineData("bytes=99999999-999999999")]
    [InlineData("bytes=-0")]
    public async Task Get_RangeBeyondTheEnd_IsNotSatisfiable(string range)
    {
        await using var server = await TestServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, TestServer.ReleaseFile);
        request.Headers.TryAddWithoutValidation("Range", range);

        using var answer = await server.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, answer.StatusCode);
        Assert.Equal($"bytes */{Length}", answer.Content.Headers.ContentRange!.ToString());
    }

    [Theory]
    [InlineData("bytes=5-2")]
    [InlineData("bytes=x-y")]
    [InlineData("lines=1-2")]
    [InlineData("bytes=0-1,4-5")]
    public async Task Get_RangeWeDoNotServe_IsTheWholeFile(string range)
    {
        // RFC 9110 14.2: a server may ignore a Range field, and must ignore one it cannot read
        await using var server = await TestServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, TestServer.ReleaseFile);
        request.Headers.TryAddWithoutValidation("Range", range);

        using var answer = await server.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(Length, (await answer.Content.ReadAsByteArrayAsync()).Length);
    }

    [Fact]
    public async Task Get_IfRange_DecidesBetweenPartAndWhole()
    {
        await using var server = await TestServer.StartAsync();
        using var first = await server.Http.GetAsync(TestServer.ReleaseFile);
        using var same = new HttpRequestMessage(HttpMethod.Get, TestServer.ReleaseFile);
        same.Headers.Range = new RangeHeaderValue(10, 19);
        same.Headers.IfRange = new RangeConditionHeaderValue(first.Headers.ETag!);
        using var other = new HttpRequestMessage(HttpMethod.Get, TestServer.ReleaseFile);
        other.Headers.Range = new RangeHeaderValue(10, 19);
        other.Headers.IfRange = new RangeConditionHeaderValue("\"other\"");

        using var sameAnswer = await server.Http.SendAsync(same);
        using var otherAnswer = await server.Http.SendAsync(other);

        Assert.Equal(HttpStatusCode.PartialContent, sameAnswer.StatusCode);
        Assert.Equal(HttpStatusCode.OK, otherAnswer.StatusCode);
    }

    [Theory]
    [InlineData("metadata/root.mp", 4)]
    [InlineData($"releases/{TestServer.Digest}/web-1.0/root.squashfs", 4194321)]
    public async Task Head_File_HasTheHeadersOfGetAndNoBody(string path, int length)
    {
        await using var server = await TestServer.StartAsync();

        using var head = await server.Http.SendAsync(new HttpRequestMessage(HttpMethod.Head, path));
        using var get = await server.Http.GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Equal(length, head.Content.Headers.ContentLength);
        Assert.Equal(get.Headers.ETag, head.Headers.ETag);
        Assert.Equal(get.Content.Headers.LastModified, head.Content.Headers.LastModified);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("/../../../../etc/passwd")]
    [InlineData("/metadata/../../../etc/passwd")]
    [InlineData("/metadata/%2e%2e/%2e%2e/etc/passwd")]
    [InlineData("/metadata/..%2f..%2fetc%2fpasswd")]
    [InlineData("/metadata/%252e%252e/root.mp")]
    [InlineData("/metadata/./root.mp")]
    [InlineData("/metadata/root.mp/")]
    [InlineData("//metadata/root.mp")]
    [InlineData("/metadata\\root.mp")]
    [InlineData("/metadata/")]
    [InlineData("/metadata")]
    [InlineData("/releases/")]
    [InlineData("/releases/" + TestServer.Digest)]
    [InlineData("/releases/" + TestServer.Digest + "/")]
    [InlineData("/releases/" + TestServer.Digest + "/web-1.0")]
    [InlineData("/releases/" + TestServer.Digest + "/web-1.0/")]
    [InlineData("/metadata/missing.mp")]
    [InlineData("/metadata/.hidden.mp")]
    [InlineData("/metadata/new.mp.tmp")]
    [InlineData("/.lock")]
    [InlineData("/metadata/out.mp")]
    [InlineData("/metadata/outdir/secret.mp")]
    [InlineData("/metadata/loop.mp")]
    [InlineData("/metadata/dir.mp")]
    public async Task Get_NotAFileOfTheRepository_IsNotFound(string target)
    {
        var outside = Directory.CreateTempSubdirectory("seed-outside-").FullName;
        try
        {
            TestServer.Write(outside, "secret.mp", "secret"u8);
            await using var server = await TestServer.StartAsync(
                prepare: directory =>
                {
                    var metadata = Path.Combine(directory, "metadata");
                    TestServer.Write(metadata, ".hidden.mp", "x"u8);
                    TestServer.Write(metadata, "new.mp.tmp", "x"u8);
                    TestServer.Write(directory, ".lock", "x"u8);
                    Directory.CreateDirectory(Path.Combine(metadata, "dir.mp"));
                    File.CreateSymbolicLink(Path.Combine(metadata, "out.mp"), Path.Combine(outside, "secret.mp"));
                    File.CreateSymbolicLink(Path.Combine(metadata, "loop.mp"), "loop.mp");
                    Directory.CreateSymbolicLink(Path.Combine(metadata, "outdir"), outside);
                }
            );

            var answer = await server.SendRawAsync($"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

            Assert.StartsWith("HTTP/1.1 404", answer, StringComparison.Ordinal);
            Assert.DoesNotContain("secret", answer, StringComparison.Ordinal);
            Assert.DoesNotContain(server.Directory, answer, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(outside, recursive: true);
        }
    }

    [Theory]
    [InlineData("/metadata/root%00.mp")]
    [InlineData("/metadata/root\0.mp")]
    [InlineData("/metadata/%ff.mp")]
    public async Task Get_BytesNoPathMayHave_IsAClientError(string target)
    {
        await using var server = await TestServer.StartAsync();

        Assert.InRange(await server.StatusOfRawAsync(target), 400, 404);
    }

    [Fact]
    public async Task Get_LinkInsideTheRepository_IsFollowed()
    {
        await using var server = await TestServer.StartAsync(
            prepare: directory => File.CreateSymbolicLink(Path.Combine(directory, "metadata/link.mp"), "root.mp")
        );

        Assert.Equal("root", await server.Http.GetStringAsync("metadata/link.mp"));
    }

    [Fact]
    public async Task Get_ThroughALinkedRepository_FollowsItsMove()
    {
        // Goal: a publisher may keep the repository behind a link and move the link while the server runs.
        var place = Directory.CreateTempSubdirectory("seed-link-").FullName;
        TestServer.Write(place, "one/metadata/root.mp", "one"u8);
        TestServer.Write(place, "two/metadata/root.mp", "two"u8);
        var link = Path.Combine(place, "repo");
        Directory.CreateSymbolicLink(link, "one");
        try
        {
            await using var server = await TestServer.StartAsync(options => options with { RepositoryDirectory = link });
            Assert.Equal("one", await server.Http.GetStringAsync("metadata/root.mp"));

            Directory.Delete(link);
            Directory.CreateSymbolicLink(link, "two");

            Assert.Equal("two", await server.Http.GetStringAsync("metadata/root.mp"));
        }
        finally
        {
            Directory.Delete(place, recursive: true);
        }
    }

    [Fact]
    public async Task Get_ManyAtOnce_AreAllWhole()
    {
        await using var server = await TestServer.StartAsync();

        var all = await Task.WhenAll(
            Enumerable.Range(0, 16).Select(_ => server.Http.GetByteArrayAsync(TestServer.ReleaseFile))
        );

        Assert.All(all, content => Assert.Equal(TestServer.Content, content));
    }
}
