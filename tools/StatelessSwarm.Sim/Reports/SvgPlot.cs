using System.Globalization;
using System.Text;

namespace StatelessSwarm.Sim.Reports;

/// <summary>A picture with two axes from 0: lines, or bars in colours on top of each other. Plain SVG, readable in both themes of a browser.</summary>
internal sealed class SvgPlot(string title, string across, string up, double mostAcross, double mostUp)
{
    private const int Width = 720;
    private const int Height = 400;
    private const int Left = 64;
    private const int Right = 16;
    private const int Top = 40;
    private const int Bottom = 48;

    private static readonly string[] Colours = ["#2563a8", "#c2571a", "#3c8d40", "#8a4fa3", "#b3892b", "#5a6b7b"];

    private readonly StringBuilder _body = new();
    private readonly double _across = mostAcross > 0 ? mostAcross : 1;
    private readonly double _up = mostUp > 0 ? mostUp : 1;
    private int _legends;

    /// <summary>A line through points, and what it is; no name for one of many.</summary>
    public void Line(IEnumerable<(double Across, double Up)> points, int colour, string? name = null, double strength = 2)
    {
        var path = string.Join(' ', points.Select(point => Text($"{X(point.Across):f1},{Y(point.Up):f1}")));
        _body.Append(CultureInfo.InvariantCulture, $"<polyline fill=\"none\" stroke=\"{Of(colour)}\" stroke-width=\"{strength}\" points=\"{path}\"/>\n");
        if (name is not null)
            Legend(colour, name);
    }

    /// <summary>A bar between two places across, from one height to another.</summary>
    public void Bar(double from, double to, double low, double high, int colour) =>
        _body.Append(
            CultureInfo.InvariantCulture,
            $"<rect x=\"{X(from):f1}\" y=\"{Y(high):f1}\" width=\"{Math.Max(0.5, X(to) - X(from)):f1}\" height=\"{Y(low) - Y(high):f1}\" fill=\"{Of(colour)}\"/>\n"
        );

    /// <summary>What a colour stands for.</summary>
    public void Legend(int colour, string name)
    {
        var x = Left + 8 + 150 * _legends++;
        _body.Append(CultureInfo.InvariantCulture, $"<rect x=\"{x}\" y=\"28\" width=\"10\" height=\"10\" fill=\"{Of(colour)}\"/>");
        _body.Append(CultureInfo.InvariantCulture, $"<text x=\"{x + 14}\" y=\"37\">{Escape(name)}</text>\n");
    }

    /// <summary>The file.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\">\n");
        text.Append("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
        text.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"20\" font-size=\"15\">{Escape(title)}</text>\n");
        foreach (var mark in Marks(_up))
        {
            text.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(mark):f1}\" y2=\"{Y(mark):f1}\" stroke=\"#dddddd\"/>");
            text.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 6}\" y=\"{Y(mark) + 4:f1}\" text-anchor=\"end\">{mark:g4}</text>\n");
        }
        foreach (var mark in Marks(_across))
            text.Append(CultureInfo.InvariantCulture, $"<text x=\"{X(mark):f1}\" y=\"{Height - Bottom + 16}\" text-anchor=\"middle\">{mark:g4}</text>\n");
        text.Append(CultureInfo.InvariantCulture, $"<text x=\"{(Width + Left) / 2}\" y=\"{Height - 10}\" text-anchor=\"middle\">{Escape(across)}</text>\n");
        text.Append(
            CultureInfo.InvariantCulture,
            $"<text transform=\"translate(14,{(Height + Top - Bottom) / 2}) rotate(-90)\" text-anchor=\"middle\">{Escape(up)}</text>\n"
        );
        return text.Append(_body).Append("</svg>\n").ToString();
    }

    private double X(double value) => Left + (Width - Left - Right) * value / _across;

    private double Y(double value) => Height - Bottom - (Height - Top - Bottom) * value / _up;

    private static string Of(int colour) => Colours[colour % Colours.Length];

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Escape(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);

    /// <summary>Four to ten round numbers from 0.</summary>
    private static IEnumerable<double> Marks(double most)
    {
        var step = Math.Pow(10, Math.Floor(Math.Log10(most)));
        if (most / step < 2)
            step /= 5;
        else if (most / step < 5)
            step /= 2;
        for (var mark = 0; mark * step <= most * 1.0001; mark++)
            yield return mark * step;
    }
}
