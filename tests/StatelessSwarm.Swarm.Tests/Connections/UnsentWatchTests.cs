using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using StatelessSwarm.Swarm.Connections;

namespace StatelessSwarm.Swarm.Tests.Connections;

/// <summary>How much may wait unsent for a peer: a twentieth of a second's worth, as the kernel is told it.</summary>
public sealed class UnsentWatchTests : IDisposable
{
    // linux/tcp.h
    private const int NotSentLowWater = 25;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly FakeTimeProvider _time = new();

    public void Dispose() => _socket.Dispose();

    private int KernelLimit
    {
        get
        {
            var value = new byte[sizeof(int)];
            _socket.GetRawSocketOption((int)SocketOptionLevel.Tcp, NotSentLowWater, value);
            return BitConverter.ToInt32(value);
        }
    }

    private UnsentWatch Start(bool isFar = true)
    {
        PeerSocket.Configure(_socket);
        Assert.Equal(PeerSocket.UnsentLimit, KernelLimit);
        var watch = new UnsentWatch(_socket, _time);
        watch.Start(isFar);
        return watch;
    }

    private void Send(UnsentWatch watch, int bytesPerSecond, double seconds)
    {
        for (var sent = 0.0; sent < seconds; sent += 0.05)
        {
            _time.Advance(TimeSpan.FromSeconds(0.05));
            watch.Sent((int)(bytesPerSecond * 0.05));
        }
    }

    [Fact]
    public void Start_IsShort()
    {
        var watch = Start();
        Assert.Equal((16 * 1024, 16 * 1024), (watch.Limit, KernelLimit));
    }

    [Fact]
    public void Start_NearPeer_FirstBlocksDoNotWait()
    {
        var watch = Start(isFar: false);
        Assert.Equal(PeerSocket.UnsentLimit, KernelLimit);
        Send(watch, 40_000, 1);
        Assert.Equal(16 * 1024, KernelLimit);
    }

    [Theory]
    [InlineData(40_000, 16 * 1024)]
    [InlineData(1_000_000, 50_000)]
    [InlineData(50_000_000, 128 * 1024)]
    public void Sent_AtARate_KeepsATwentiethOfASecond(int bytesPerSecond, int limit)
    {
        var watch = Start();
        Send(watch, bytesPerSecond, 2);
        Assert.InRange(watch.Limit, limit * 0.95, limit * 1.05);
        Assert.Equal(watch.Limit, KernelLimit);
    }

    [Fact]
    public void Sent_SlowerAgain_ShrinksAgain()
    {
        var watch = Start();
        Send(watch, 50_000_000, 1);
        Send(watch, 40_000, 1);
        Assert.Equal(16 * 1024, KernelLimit);
    }
}
