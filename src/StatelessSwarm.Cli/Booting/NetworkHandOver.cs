using System.Globalization;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;
using StatelessSwarm.Node.Booting;

namespace StatelessSwarm.Cli.Booting;

/// <summary>
/// Tells the image's network configuration what the initramfs has set up, so that the addresses a root and its neighbours depend on
/// stay: a file for systemd-networkd (<c>KeepConfiguration=yes</c>) per interface, and the name servers.
/// </summary>
internal static class NetworkHandOver
{
    /// <summary>Writes below the machine's /run; says nothing of interfaces without an address.</summary>
    /// <param name="runDirectory">The machine's run directory; files for others go beside it.</param>
    /// <param name="address">The fixed address that was given, or null: then DHCP goes on.</param>
    public static void Write(string runDirectory, StaticAddress? address)
    {
        var directory = Path.Combine(Path.GetDirectoryName(runDirectory)!, "systemd/network");
        foreach (var one in NetworkInterface.GetAllNetworkInterfaces())
        {
            if (one.NetworkInterfaceType == NetworkInterfaceType.Loopback || one.GetIPProperties().UnicastAddresses.All(address => address.Address.AddressFamily != AddressFamily.InterNetwork))
                continue;
            Directory.CreateDirectory(directory);
            var mac = string.Join(':', one.GetPhysicalAddress().GetAddressBytes().Select(part => part.ToString("x2", CultureInfo.InvariantCulture)));
            var text = new StringBuilder("# written by stateless boot root\n[Match]\n")
                .Append(CultureInfo.InvariantCulture, $"MACAddress={mac}\n\n[Network]\nKeepConfiguration=yes\n")
                .Append(address is null ? "DHCP=yes\n" : $"Address={address}\n{(address.Gateway is { } gateway ? $"Gateway={gateway}\n" : "")}");
            File.WriteAllText(Path.Combine(directory, $"10-stateless-{one.Name}.network"), text.ToString());
        }
        if (File.Exists("/etc/resolv.conf"))
            File.Copy("/etc/resolv.conf", Path.Combine(runDirectory, "resolv.conf"), overwrite: true);
    }
}
