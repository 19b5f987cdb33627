using System.Net.Sockets;
using System.Text;
using StatelessSwarm.Seed.Hosting;

namespace StatelessSwarm.Seed.Tests.Hosting;

public sealed class SystemdNotifierTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Notify_Socket_GetsTheDatagram(bool isAbstract)
    {
        var name = $"seed-notify-{Guid.NewGuid():N}";
        var path = isAbstract ? $"@{name}" : Path.Combine(Path.GetTempPath(), name);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(isAbstract ? $"\0{name}" : path));
        socket.ReceiveTimeout = 5000;

        new SystemdNotifier(path).Notify("READY=1");

        var buffer = new byte[100];
        Assert.Equal("READY=1", Encoding.UTF8.GetString(buffer, 0, socket.Receive(buffer)));
        File.Delete(path);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("/no/such/socket")]
    public void Notify_NoOne_DoesNothing(string? path) => new SystemdNotifier(path).Notify("READY=1");
}
