using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Seed.Netboot;

namespace StatelessSwarm.Seed.Tests.Netboot;

public sealed class TftpServerTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("ss-tftp-").FullName;
    private TftpServer _server = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _server = TftpServer.Start(new NetbootOptions { Directory = _directory }, 0, TimeProvider.System, NullLogger.Instance);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private static byte[] Request(params string[] words) => [0, 1, .. Encoding.ASCII.GetBytes(string.Concat(words.Select(word => word + "\0")))];

    /// <summary>Reads a file as firmware does; every so many packets are lost on the way back.</summary>
    private async Task<(byte[] Bytes, string Options)> GetAsync(string name, int loseEvery, params string[] options)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await socket.SendToAsync(Request([name, "octet", .. options]), SocketFlags.None, new IPEndPoint(IPAddress.Loopback, _server.Port), Cancellation);
        var content = new MemoryStream();
        var accepted = "";
        var buffer = new byte[4096];
        var block = 512;
        for (int expected = 1, packets = 1; ; packets++)
        {
            var received = await socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), Cancellation);
            var packet = buffer.AsMemory(0, received.ReceivedBytes);
            if (packet.Span[1] == 5)
                throw new FileNotFoundException(Encoding.ASCII.GetString(packet.Span[4..^1]));
            if (packet.Span[1] == 6)
            {
                accepted = Encoding.ASCII.GetString(packet.Span[2..]).Replace('\0', ' ').Trim();
                var words = accepted.Split(' ');
                block = Array.IndexOf(words, "blksize") is >= 0 and var at ? int.Parse(words[at + 1], System.Globalization.CultureInfo.InvariantCulture) : block;
                await socket.SendToAsync(new byte[] { 0, 4, 0, 0 }, SocketFlags.None, received.RemoteEndPoint, Cancellation);
                continue;
            }
            int number = BinaryPrimitives.ReadUInt16BigEndian(packet.Span[2..]);
            if (loseEvery > 0 && packets % loseEvery == 0)
                continue;
            byte[] acknowledgement = [0, 4, packet.Span[2], packet.Span[3]];
            if (number == (expected & 0xffff))
            {
                content.Write(packet.Span[4..]);
                expected++;
            }
            await socket.SendToAsync(acknowledgement, SocketFlags.None, received.RemoteEndPoint, Cancellation);
            if (packet.Length - 4 < block)
                return (content.ToArray(), accepted);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(513)]
    [InlineData(100_000)]
    public async Task Get_FileOfAnyLength_IsItsBytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        await File.WriteAllBytesAsync(Path.Combine(_directory, "file"), bytes, Cancellation);
        Assert.Equal(bytes, (await GetAsync("file", 0)).Bytes);
        Assert.Equal(bytes, (await GetAsync("/file", 0, "blksize", "1400", "tsize", "0")).Bytes);
    }

    [Fact]
    public async Task Get_Options_AreAnsweredWithinBounds()
    {
        await File.WriteAllBytesAsync(Path.Combine(_directory, "file"), new byte[5000], Cancellation);
        Assert.Equal("blksize 1428 tsize 5000", (await GetAsync("file", 0, "blksize", "65464", "tsize", "0", "windowsize", "4")).Options);
        Assert.Equal("", (await GetAsync("file", 0, "unknown", "1")).Options);
    }

    /// <summary>More blocks than a number of 16 bits counts: a kernel with an initrd of 40 MB in blocks of 512 bytes.</summary>
    [Fact]
    public async Task Get_MoreThan65535Blocks_GoesOnCounting()
    {
        var bytes = new byte[(66_000 * 8) + 3];
        new Random(2).NextBytes(bytes);
        await File.WriteAllBytesAsync(Path.Combine(_directory, "file"), bytes, Cancellation);
        Assert.Equal(bytes, (await GetAsync("file", 0, "blksize", "8")).Bytes);
    }

    [Fact]
    public async Task Get_LostPackets_AreSentAgain()
    {
        var bytes = new byte[3000];
        new Random(3).NextBytes(bytes);
        await File.WriteAllBytesAsync(Path.Combine(_directory, "file"), bytes, Cancellation);
        Assert.Equal(bytes, (await GetAsync("file", 4)).Bytes);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("../../etc/passwd")]
    public async Task Get_WhatIsNotThere_IsRefused(string name) => await Assert.ThrowsAsync<FileNotFoundException>(() => GetAsync(name, 0));

    [Fact]
    public void TryRead_AnyBytes_NeverThrows()
    {
        var random = new Random(1);
        var good = Request("file", "octet", "blksize", "512");
        for (var round = 0; round < 5000; round++)
        {
            var bytes = good[..random.Next(good.Length + 1)];
            if (bytes.Length > 0)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            Assert.True(TftpRequest.TryRead(bytes, _ => 5) is null or { BlockSize: >= 8 and <= 1428 });
        }
        Assert.Null(TftpRequest.TryRead(Request("file", "netascii"), _ => 5));
        Assert.Null(TftpRequest.TryRead([0, 2, .. Request("file", "octet")[2..]], _ => 5));
    }
}
