using System.Net.Sockets;

namespace StatelessSwarm.Swarm.Connections;

/// <summary>
/// What Linux knows of a TCP connection: <c>struct tcp_info</c> of linux/tcp.h by getsockopt(TCP_INFO), little or big endian as the
/// machine is. The offsets are kernel ABI; <c>tcpi_delivered</c> came with Linux 4.18.
/// </summary>
/// <param name="SegmentSize"><c>tcpi_snd_mss</c>, offset 16.</param>
/// <param name="UnacknowledgedSegments"><c>tcpi_unacked</c>, offset 24.</param>
/// <param name="SmoothedMicroseconds"><c>tcpi_rtt</c>, offset 68.</param>
/// <param name="AcknowledgedBytes"><c>tcpi_bytes_acked</c>, offset 120.</param>
/// <param name="ReceivedBytes"><c>tcpi_bytes_received</c>, offset 128.</param>
/// <param name="UnsentBytes"><c>tcpi_notsent_bytes</c>, offset 144.</param>
/// <param name="LeastMicroseconds"><c>tcpi_min_rtt</c>, offset 148.</param>
/// <param name="Deliveries"><c>tcpi_delivered</c>, offset 192.</param>
internal readonly record struct TcpInfo(
    uint SegmentSize,
    uint UnacknowledgedSegments,
    uint SmoothedMicroseconds,
    long AcknowledgedBytes,
    long ReceivedBytes,
    uint UnsentBytes,
    uint LeastMicroseconds,
    uint Deliveries
)
{
    private const int TcpInfoOption = 11;
    private const int Size = 196;

    /// <summary>Bytes that were written and not acknowledged.</summary>
    public long InFlightBytes => ((long)SegmentSize * UnacknowledgedSegments) + UnsentBytes;

    /// <summary>Asks the kernel; null when the socket is closed, or the kernel is too old to say.</summary>
    public static TcpInfo? TryRead(Socket socket)
    {
        Span<byte> info = stackalloc byte[Size];
        try
        {
            if (socket.GetRawSocketOption((int)SocketOptionLevel.Tcp, TcpInfoOption, info) < Size)
                return null;
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            return null;
        }
        return new TcpInfo(
            BitConverter.ToUInt32(info[16..]),
            BitConverter.ToUInt32(info[24..]),
            BitConverter.ToUInt32(info[68..]),
            BitConverter.ToInt64(info[120..]),
            BitConverter.ToInt64(info[128..]),
            BitConverter.ToUInt32(info[144..]),
            BitConverter.ToUInt32(info[148..]),
            BitConverter.ToUInt32(info[192..])
        );
    }
}
