using System.Net;
using System.Net.Sockets;

namespace StatelessSwarm.Swarm.Connections;

/// <summary>How a peer's TCP socket is set up, on both ends of a connection.</summary>
internal static class PeerSocket
{
    /// <summary>
    /// Bytes that may wait unsent in the kernel: 128 KiB. What is queued there can be neither cancelled nor overtaken, so HAVE, CANCEL and
    /// claims would arrive behind seconds of payload on a slow link.
    /// </summary>
    private const int UnsentLimit = 128 * 1024;

    // linux/tcp.h; not among SocketOptionName
    private const int TcpNotSentLowWater = 25;

    // SOL_SOCKET and SO_RCVLOWAT of asm-generic/socket.h; .NET's names translate to other numbers
    private const int SocketLevel = 1;
    private const int ReceiveLowWater = 18;

    /// <summary>The socket counts as readable from so many bytes on (socket(7), SO_RCVLOWAT), or when it is closed.</summary>
    public static void SetReceiveLowWater(Socket socket, int bytes)
    {
        try
        {
            socket.SetRawSocketOption(SocketLevel, ReceiveLowWater, BitConverter.GetBytes(bytes));
        }
        catch (SocketException)
        {
            // More wake-ups, nothing else.
        }
    }

    /// <summary>Our end of a connected socket; IPv4 as such.</summary>
    public static IPAddress? LocalAddress(Socket socket)
    {
        var address = (socket.LocalEndPoint as IPEndPoint)?.Address;
        return address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
    }

    /// <summary>Sets the options; a kernel that lacks one is no fault.</summary>
    public static void Configure(Socket socket)
    {
        // Frames are gathered before they are sent: waiting for more only delays them.
        socket.NoDelay = true;
        try
        {
            socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, TcpNotSentLowWater, BitConverter.GetBytes(UnsentLimit));
        }
        catch (SocketException)
        {
            // Without it everything works, with more delay.
        }
    }
}
