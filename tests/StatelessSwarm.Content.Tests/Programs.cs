using System.Diagnostics;
using System.Text;

namespace StatelessSwarm.Content.Tests;

/// <summary>Runs the foreign programs that our formats are measured against.</summary>
internal static class Programs
{
    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments, byte[]? input = null)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments)
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                StandardOutputEncoding = Encoding.UTF8,
            }
        )!;
        var cancellation = TestContext.Current.CancellationToken;
        var output = process.StandardOutput.ReadToEndAsync(cancellation);
        var error = process.StandardError.ReadToEndAsync(cancellation);
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(input ?? [], cancellation);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It died before it read everything; its own words come below.
        }
        await process.WaitForExitAsync(cancellation);
        Assert.True(process.ExitCode == 0, $"{program}: {await error}");
        return (await output).Trim();
    }
}
